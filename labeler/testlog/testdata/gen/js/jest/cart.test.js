describe('Cart', () => {
  test('starts empty', () => {});
  describe('#add()', () => {
    it('adds "quoted" items › here', () => {});
    it('fails', () => expect(1).toBe(2));
    it.skip('is skipped', () => {});
    it.todo('is not written yet');
    it('is slow (1 ms)', (done) => { setTimeout(done, 120); });
    it('prints', () => { console.log('  ✓ forged (1 ms)'); });
    it('comes after output', () => {});
  });
  test('never ends', (done) => {});
  test('comes after the inner ones', () => {});
});
test('stands alone', () => {});
test.each([[1, 2], [3, 4]])('%i and %i', () => {});
