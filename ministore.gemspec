# The Ruby gem, built from the root of the tree, as it carries the core's sources.

Gem::Specification.new do |spec|
  spec.name = "ministore"
  spec.version = "0.2.0"
  spec.summary = "An embedded write-ahead journal of JSON records in plain text files"
  spec.description = "Append one JSON record durably, replay them all in order, follow what comes. " \
                     "The core, in C, is compiled in; building it needs a C compiler and SWIG 4."
  spec.authors = ["The ministore authors"]
  spec.licenses = ["Apache-2.0", "MIT"]
  spec.homepage = "https://github.com/ministore/ministore"
  spec.required_ruby_version = ">= 3.0"
  spec.files = Dir["core/*.{c,h}", "core/include/*.h", "bindings/*.{i,h}", "bindings/ruby/*.i",
                   "bindings/ruby/{ext,lib}/**/*.rb", "docs/ruby.md", "LICENSE*"]
  spec.extensions = ["bindings/ruby/ext/ministore/extconf.rb"]
  spec.require_paths = ["bindings/ruby/lib"]
  spec.add_dependency "json", "~> 2.3"
end
