# Appends a greeting to the journal given as argument, then reads all records back.
use strict;
use warnings;
use Ministore;

my ($path) = @ARGV;
my $journal = Ministore->open($path);
my $number  = $journal->append({ event => 'hello', from => 'Perl' });
$journal->close;
my $records = Ministore->replay($path);
my $count   = 0;
$count++ while $records->next;
print "Perl appended record $number and read $count records back\n";
