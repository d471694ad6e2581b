describe('Broken', () => {
