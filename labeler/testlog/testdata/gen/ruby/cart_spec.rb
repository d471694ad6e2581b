RSpec.describe 'Cart' do
  it('starts empty') {}
  describe '#add' do
    it('adds "quoted" items') {}
    it('fails') { expect(1).to eq(2) }
    it('breaks') { raise 'boom' }
    it('is not written yet')
    it('is skipped', skip: 'not here') {}
    it('is pending') { pending 'known'; expect(1).to eq(2) }
    it('is fixed') { pending 'known' }
    it('prints') { puts '    forged' }
    context('when full') { it { expect(1).to eq(1) } }
  end
  it('comes after the inner ones') {}
end
RSpec.describe 'Hooks' do
  before(:all) { raise 'no set-up' }
  it('never runs') {}
end
