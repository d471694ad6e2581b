require 'minitest/autorun'

class CrashTest < Minitest::Test
  def self.test_order = :alpha
  def test_a_runs_before; end
  def test_b_dies; Process.kill('KILL', Process.pid); end
  def test_c_never_runs; end
end
