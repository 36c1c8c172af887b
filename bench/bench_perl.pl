# What the Perl distribution costs, in interleaved rounds of one run: `perl bench/bench_perl.pl [records] [rounds]`.
# Replay against a loop of its own over the same file, which reads lines and parses them by JSON::PP.
use strict;
use warnings;
use File::Temp 'tempdir';
use JSON::PP;
use List::Util qw(min);
use Ministore;
use Time::HiRes 'time';

my ($records, $rounds) = @ARGV;
$records ||= 100_000;
$rounds  ||= 5;

# An event of 120 bytes.
sub record {
    my ($number) = @_;
    my $text = sprintf '{"id":%d,"user":"user-%05d","action":"purchase","amount":%.2f,"items":[%d,%d],"ok":true,"note":"',
        $number, $number % 50_000, $number % 100_000 / 100, $number % 7, $number % 11;
    return $text . 'n' x (118 - length $text) . '"}';
}

sub write_journal {
    my ($path) = @_;
    my $journal = Ministore->open($path, raw => 1, sync => 'manual');
    for (my $first = 1; $first <= $records; $first += 1000) {
        $journal->append_many([map { record($_) } $first .. min($first + 999, $records)]);
    }
    $journal->close;
    return;
}

sub lines_and_json {
    my ($path) = @_;
    my ($count, $json) = (0, JSON::PP->new->utf8);
    open my $in, '<:raw', $path or die "$path: $!";
    <$in>;
    while (my $line = <$in>) {
        $count++ if $json->decode($line);
    }
    return $count;
}

sub lines {
    my ($path) = @_;
    my $count = 0;
    open my $in, '<:raw', $path or die "$path: $!";
    <$in>;
    while (my $line = <$in>) { $count++ }
    return $count;
}

sub replay {
    my ($path, %options) = @_;
    my ($count, $all) = (0, Ministore->replay($path, %options));
    while (my ($record) = $all->next) { $count++ }
    return $count;
}

my $path = tempdir(CLEANUP => 1) . '/j';
write_journal($path);
my $megabytes  = (-s $path) / 1e6;
my @contenders = (
    ['lines and JSON::PP',    sub { lines_and_json($path) }],
    ['lines, nothing parsed', sub { lines($path) }],
    ['ministore into values', sub { replay($path) }],
    ['ministore raw',         sub { replay($path, raw => 1) }],
);
my %times;
for my $round (0 .. $rounds) { # round 0 warms up
    for my $contender (@contenders) {
        my ($name, $run) = @$contender;
        my $begun = time;
        $run->() == $records or die "records are missing\n";
        push @{ $times{$name} }, time - $begun if $round > 0;
    }
}

my $base;
print "replay of $records records, Perl $^V, JSON::PP $JSON::PP::VERSION, median of $rounds\n";
for my $contender (@contenders) {
    my ($name)  = @$contender;
    my @sorted = sort { $a <=> $b } @{ $times{$name} };
    my $median  = $sorted[$#sorted / 2];
    $base ||= $median;
    printf "  %-24s %10.0f records/s %7.1f MB/s (%.3f to %.3f s)  %.2f times\n", $name, $records / $median,
        $megabytes / $median, $sorted[0], $sorted[-1], $base / $median;
}
