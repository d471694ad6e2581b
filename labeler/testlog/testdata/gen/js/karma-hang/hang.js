describe('Hang', () => {
  it('runs before', () => {});
  it('never ends', () => { for (;;); });
});
