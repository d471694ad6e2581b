test('runs before', () => {});
test('kills the worker', () => process.exit(3));
