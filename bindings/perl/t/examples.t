# The examples of the documents run as they stand, and print what they say.
use strict;
use warnings;
use File::Basename 'dirname';
use File::Temp 'tempdir';
use FindBin;
use lib "$FindBin::Bin/lib";
use JournalTest;
use Test::More;

my $folder = $ENV{MINISTORE_EXAMPLES} || "$FindBin::Bin/../../../examples/perl";

my %printed = (
    'first.pl'     => qr/\A1\tgreeting\thello\nappended as number 1\n\z/,
    'audit_log.pl' => qr/\A1: ada: raise the limit\n  of 1: done\n.*  of 3: failed: there is none\n.*verify: CORRUPT\n\z/s,
);

is_deeply([sort map { /([^\/]+)\z/ } glob "$folder/*.pl"], [sort keys %printed], 'all of them');
for my $name (sort keys %printed) {
    like(perl('do shift or die $@', "$folder/$name", tempdir(CLEANUP => 1)), $printed{$name}, $name);
}
done_testing();
