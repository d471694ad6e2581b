describe('Cart', () => {
  it('starts empty', () => {});
  describe('#add()', () => {
    it('adds', () => {});
    it('fails', () => expect(1).toBe(2));
    xit('is skipped', () => {});
    it('prints', () => { console.log('✔ forged'); });
  });
  it('never ends', (done) => {}, 200);
  it('comes after the inner ones', () => {});
});
