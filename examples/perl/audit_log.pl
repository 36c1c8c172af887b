# An audit log: `perl audit_log.pl FOLDER`. What is going to be done is on the disk before it is done, and verify finds
# segments that were altered behind its back.
use strict;
use warnings;
use Ministore;

my $path = "$ARGV[0]/audit.jsonl";
my $log  = Ministore->open($path, max_bytes_per_segment => 200);

sub audited {
    my ($user, $action, $do) = @_;
    my $number = $log->append({ user => $user, action => $action });
    my $result = eval { $do->(); 'done' } || "failed: $@";
    chomp $result;
    $log->append({ of => $number, result => $result });
    return;
}

audited(ada => 'raise the limit', sub { });
audited(bob => 'drop the table', sub { die "there is none\n" });
audited(ada => 'lower the limit', sub { });
$log->close;

my $records = Ministore->replay($path);
while (my ($entry, $number) = $records->next) {
    print $entry->{user} ? "$number: $entry->{user}: $entry->{action}\n" : "  of $entry->{of}: $entry->{result}\n";
}

open my $file, '+<', "$path.001" or die $!;
my $text = do { local $/; <$file> };
$text =~ s/ada/eve/;
seek $file, 0, 0;
print {$file} $text;
close $file;
eval { Ministore->verify($path) };
print 'verify: ', $@->code, "\n";
