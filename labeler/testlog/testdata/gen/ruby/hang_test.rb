require 'minitest/autorun'

class HangTest < Minitest::Test
  def self.test_order = :alpha
  def test_a_runs_before; end
  def test_b_never_ends; sleep; end
end
