RSpec.describe 'Crash' do
  it('runs before') {}
  it('exits') { Process.kill('KILL', Process.pid) }
  it('never runs') {}
end
