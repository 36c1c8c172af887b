# What the tests share: a folder for each test, and journals in it.

require "minitest/autorun"
require "ministore"
require "pathname"
require "tmpdir"
require "fileutils"

class JournalTest < Minitest::Test
  HEADER = "// MINISTORE JOURNAL v0.1.4\n".freeze

  attr_reader :folder, :path

  def setup
    @folder = Dir.mktmpdir
    @path = File.join(@folder, "j")
  end

  def teardown
    FileUtils.rm_rf(@folder)
  end

  def put(text, file = path)
    File.binwrite(file, HEADER + text)
  end

  # What the block prints in a Ruby process of its own, which must end well.
  def in_process(source, *arguments)
    paths = $LOAD_PATH.flat_map { |folder| ["-I", folder] }
    output = IO.popen([RbConfig.ruby, *paths, "-rministore", "-e", source, *arguments], err: %i[child out], &:read)
    assert $?.success?, "#{$?}: #{output}"
    output
  end

  def collect_garbage
    2.times { GC.start }
  end
end
