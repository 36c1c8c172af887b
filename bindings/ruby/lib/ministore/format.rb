# Between Ruby's values and JSON text: by the json library, by a codec of the program's own, or not at all (raw).

module Ministore
  # The json library with every 64-bit integer exact, as deep as a journal may nest, and no number rounded to Infinity.
  module StandardCodec
    DEPTH_WRITTEN = 128
    DEPTH_READ = 8193 # a batch is one level more
    # What may hold a number beyond the range of a double; most text does not, and is not looked at again.
    HUGE = /[eE]\+?\d{3}|\d{309}/.freeze
    private_constant :DEPTH_WRITTEN, :DEPTH_READ, :HUGE

    def self.generate(value)
      JSON.generate(value, max_nesting: DEPTH_WRITTEN)
    end

    def self.parse(text)
      value = JSON.parse(text, max_nesting: DEPTH_READ)
      raise JSON::ParserError, "a number is beyond the range of a Float" if HUGE.match?(text) && infinite?(value)

      value
    end

    # The values of records, each known to be JSON, by one call of the parser, which is twice as quick; nil if one of
    # them cannot be read.
    def self.parse_all(texts)
      parse("[#{texts.join(',')}]")
    rescue JSON::ParserError
      nil
    end

    def self.infinite?(value)
      case value
      when Float then value.infinite?
      when Array then value.any? { |each| infinite?(each) }
      when Hash then value.any? { |_, each| infinite?(each) }
      end
    end
    private_class_method :infinite?
  end

  # Raw mode: records are JSON text in strings.
  module RawCodec
    def self.generate(text)
      raise TypeError, "a raw journal takes JSON text as a String, not #{text.class}" unless text.is_a?(String)

      text
    end

    def self.parse(text)
      text
    end

    def self.parse_all(texts)
      texts
    end
  end
  private_constant :StandardCodec, :RawCodec

  class << self
    # The codec that the options `raw` and `codec` ask for.
    def choose_codec(raw, codec)
      raise ArgumentError, "raw and codec exclude each other" if raw && codec

      codec || (raw ? RawCodec : StandardCodec)
    end
    private :choose_codec

    # The C constant PREFIX_NAME for the symbol of an option.
    def choice(option, prefix, symbol, among)
      raise ArgumentError, "#{option}: #{among.map(&:inspect).join(' or ')} expected" unless among.include?(symbol)

      Native.const_get("#{prefix}_#{symbol}".upcase)
    end
    private :choice
  end
end
