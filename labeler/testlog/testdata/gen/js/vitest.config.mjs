export default { test: { include: ['vitest/*.spec.js'], testTimeout: 300, watch: false } };
