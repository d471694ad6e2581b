import { test } from 'vitest';
test('runs before', () => {});
test('kills the worker', () => process.kill(process.pid, 'SIGKILL'));
