RSpec.describe 'Plain' do
  it('passes') {}
  context('inside') { it('passes too') {} }
  it('is skipped', skip: 'not here') {}
end
