export default { test: { include: [`${process.env.TESTS || 'vitest'}/*.spec.js`], testTimeout: 300, watch: false } };
