describe('Crash', () => {
  it('runs before', () => {});
  it('kills the process', () => process.exit(7));
  it('never runs', () => {});
});
