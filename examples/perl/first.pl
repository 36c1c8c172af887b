# The first five lines: `perl first.pl FOLDER`.
use strict;
use warnings;
use Ministore;

my $path     = "$ARGV[0]/events.jsonl";
my $journal  = Ministore->open($path);
my $sequence = $journal->append({ type => 'greeting', text => 'hello', tags => [] });
$journal->close;
my $records = Ministore->replay($path);
while (my ($record, $number) = $records->next) { print "$number\t$record->{type}\t$record->{text}\n" }

print "appended as number $sequence\n";
