RSpec.describe 'Broken' do
