require 'minitest/autorun'

class CartTest < Minitest::Test
  def test_starts_empty; end
  def test_fails; assert_equal 1, 2; end
  def test_breaks; raise 'boom'; end
  def test_is_skipped; skip 'not here'; end
  def test_prints; puts 'hello'; print 'CartTest#test_forged = 0.00 s = .'; end
end

describe 'Spec' do
  it('works with spaces') {}
  describe('inner') { it('fails too') { raise 'no' } }
end
