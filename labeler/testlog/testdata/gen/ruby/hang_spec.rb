RSpec.describe 'Hang' do
  it('runs before') {}
  it('never ends') { sleep }
end
