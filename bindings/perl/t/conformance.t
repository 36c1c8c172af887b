# Takes every scenario of tests/conformance through the public Perl API, as its README.md says.
use strict;
use warnings;
use Cwd 'abs_path';
use Encode ();
use Fcntl qw(O_CREAT O_TRUNC O_WRONLY S_IMODE SEEK_SET);
use File::Basename 'dirname';
use File::Find 'find';
use File::Path 'remove_tree';
use File::Temp 'tempdir';
use JSON::PP;
use Ministore;
use POSIX 'mkfifo';
use Scalar::Util 'blessed';
use Test::More;

umask 022;

my $suite = $ENV{MINISTORE_SUITE} || abs_path(dirname(__FILE__) . '/../../../tests/conformance');

# ---- the fields of a step; what nobody took of them is unknown, and so a failure ----

sub expect_same {
    my ($got, $expected, $what) = @_;
    my ($g, $e) = map { defined $_ ? $_ : '(nothing)' } $got, $expected;
    die "$what: expected $e, got $g\n" if $g ne $e;
    return;
}

# Compare every field of these that is there, and take it out.
sub expect {
    my ($step, %got) = @_;
    for my $name (sort keys %got) {
        expect_same($got{$name}, delete $step->{$name}, $name) if exists $step->{$name};
    }
    return;
}

sub done {
    my ($step) = @_;
    die "unknown fields: @{[sort keys %$step]}\n" if %$step;
    return;
}

sub numbers {
    my ($step, @names) = @_;
    return map { $_ => delete $step->{$_} } grep { exists $step->{$_} } @names;
}

sub bytes_of {
    my ($value) = @_;
    my $bytes = $value;
    if (ref $value) {
        my %fields = %$value;
        my $times  = delete $fields{repeat};
        if    (exists $fields{text}) { utf8::encode($bytes = delete $fields{text}) }
        elsif (exists $fields{hex})  { $bytes = pack 'H*', delete $fields{hex} }
        else                         { $bytes = join '', map { bytes_of($_) } @{ delete $fields{parts} } }
        done(\%fields);
        $bytes x= $times if defined $times;
    }
    else {
        utf8::encode($bytes);
    }
    return $bytes;
}

sub expect_error {
    my ($expected, $error) = @_;
    die "no error of Ministore: $error\n" unless blessed $error && $error->isa('Ministore::Error');
    my %fields = %$expected;
    expect(\%fields, map { $_ => $error->$_ } qw(code segment line offset sequence));
    done(\%fields);
    return;
}

# What a call gives; nothing if it failed as the step expects.
sub outcome {
    my ($step, $call) = @_;
    my $expected = delete $step->{error};
    return $call->() unless $expected;
    my $ended = eval { $call->(); 1 };
    die "expected $expected->{code}, but it succeeded\n" if $ended;
    expect_error($expected, $@);
    return;
}

# ---- the folder and the handles of one scenario ----

my ($folder, $parent, $copies, %handles, %passed);

sub path_of {
    my ($step, $name) = @_;
    return "$folder/" . delete $step->{ $name || 'path' };
}

sub handle_of {
    my ($step, $default) = @_;
    my $name = delete $step->{on} || $default || 'j';
    return $handles{$name} || die "no handle $name\n";
}

sub keep {
    my ($name, $handle) = @_;
    die "$name is taken\n" if $handles{$name};
    $handles{$name} = $handle;
    return;
}

sub close_all {
    for my $handle (values %handles) {
        eval { $handle->close };
    }
    %handles = ();
    return;
}

# The options of a reader, and the list that takes the errors it passes.
sub reading {
    my ($step) = @_;
    my @passed;
    my %options = (raw => 1, numbers($step, qw(from max_record_bytes)));
    if (my $what = delete $step->{on_bad_line}) {
        expect_same($what, 'skip', 'on_bad_line');
        $options{on_bad_line} = sub { push @passed, $_[0] };
    }
    return (\%options, \@passed);
}

# What the function opens is read to its end.
sub expect_records {
    my ($step, $passed, $open) = @_;
    my (@records, @sequences);
    outcome($step, sub {
        my $cursor = $open->();
        while (my ($record, $sequence) = $cursor->next) {
            push @records,   $record;
            push @sequences, $sequence;
        }
    });
    my @expected = map { bytes_of($_) } @{ delete $step->{records} || [] };
    expect_same(scalar @records, scalar @expected, 'number of records');
    expect_same($records[$_], $expected[$_], "record $_") for 0 .. $#expected;
    if (my $numbers = delete $step->{sequences}) {
        expect_same("@sequences", "@$numbers", 'sequences');
    }
    my $errors = delete $step->{errors} || [];
    expect_same(scalar @$passed, scalar @$errors, 'number of errors');
    expect_error($errors->[$_], $passed->[$_]) for 0 .. $#$errors;
    return;
}

sub read_whole {
    my ($step, $method) = @_;
    my $path = path_of($step);
    my ($options, $passed) = reading($step);
    my $cursor;
    expect_records($step, $passed, sub { $cursor = Ministore->$method($path, %$options) });
    expect($step, torn_bytes => $cursor->stat->{torn_bytes}) if exists $step->{torn_bytes};
    return;
}

my %steps = (
    # writers
    open => sub {
        my ($step) = @_;
        my ($path, $name) = (path_of($step), delete $step->{as} || 'j');
        my %options = numbers($step,
            qw(max_bytes_per_segment max_segments max_record_bytes preallocate_bytes sync torn_tail));
        $options{mode} = oct delete $step->{mode} if exists $step->{mode};
        my $journal = outcome($step, sub { Ministore->open($path, raw => 1, %options) }) or return;
        keep($name, $journal);
        expect($step, torn_bytes => $journal->stat->{torn_bytes});
    },
    append => sub {
        my ($step) = @_;
        my ($journal, $record) = (handle_of($step), bytes_of(delete $step->{record}));
        expect($step, sequence => scalar outcome($step, sub { $journal->append($record) }));
    },
    append_batch => sub {
        my ($step) = @_;
        my ($journal, @records) = (handle_of($step), map { bytes_of($_) } @{ delete $step->{records} });
        expect($step, sequence => scalar outcome($step, sub { $journal->append_many(\@records) }));
    },
    sync   => sub { my ($step) = @_; my $j = handle_of($step); outcome($step, sub { $j->sync }) },
    rotate => sub { my ($step) = @_; my $j = handle_of($step); outcome($step, sub { $j->rotate }) },
    prune  => sub {
        my ($step) = @_;
        my ($journal, $before) = (handle_of($step), delete $step->{before});
        expect($step, removed => scalar outcome($step, sub { $journal->prune($before) }));
    },
    stat => sub {
        my ($step) = @_;
        my $handle = handle_of($step);
        expect($step, %{ outcome($step, sub { $handle->stat }) || {} });
    },
    close => sub {
        my ($step) = @_;
        my $handle = delete $handles{ delete $step->{on} || 'j' };
        outcome($step, sub { $handle->close });
    },
    abandon => sub {
        my $copy = "$parent/" . ++$copies;
        system('cp', '-a', $folder, $copy) == 0 or die "cp failed\n";
        (my $old, $folder) = ($folder, $copy);
        close_all();
        remove_tree($old);
    },

    # readers
    replay => sub { read_whole($_[0], 'replay') },
    stream => sub { read_whole($_[0], 'stream') },
    follow => sub {
        my ($step) = @_;
        my ($path, $name) = (path_of($step), delete $step->{as} || 'c');
        my ($options, $passed) = reading($step);
        $options->{at_end} = delete $step->{at_end} if exists $step->{at_end};
        my $cursor = outcome($step, sub { Ministore->follow($path, timeout => 0, %$options) }) or return;
        keep($name, $cursor);
        $passed{$cursor} = $passed;
    },
    next => sub {
        my ($step) = @_;
        my $cursor = handle_of($step, 'c');
        @{ $passed{$cursor} } = ();
        expect_records($step, $passed{$cursor}, sub { $cursor });
    },
    wait => sub {
        my ($step) = @_;
        my ($cursor, $seconds) = (handle_of($step, 'c'), (delete $step->{timeout_ms}) / 1000);
        expect($step, result => $cursor->wait($seconds));
    },
    interrupt => sub { handle_of($_[0], 'c')->interrupt },

    # care
    verify => sub {
        my ($step) = @_;
        my ($path, %options) = (path_of($step), numbers($_[0], 'max_record_bytes'));
        my $expected = delete $step->{error};
        my $found    = eval { Ministore->verify($path, %options) };
        if ($expected) {
            my $error = $@;
            die "expected $expected->{code}, but it succeeded\n" if $found;
            expect_error($expected, $error);
            $found = $error->verified;
        }
        die $@ unless $found;
        expect($step, %$found);
    },
    repair => sub {
        my ($step) = @_;
        my ($path, %options) = (path_of($step), numbers($_[0], qw(max_record_bytes dry_run)));
        expect($step, %{ outcome($step, sub { Ministore->repair($path, %options) }) || {} });
    },
    json => sub {
        my ($step) = @_;
        my $record = bytes_of(delete $step->{record});
        outcome($step, sub { Ministore->validate($record) });
    },

    # files
    put => sub {
        my ($step) = @_;
        my ($file, $at) = (path_of($step, 'file'), delete $step->{at});
        my $data = bytes_of({%$step});
        %$step = ();
        sysopen my $out, $file, O_WRONLY | (defined $at ? 0 : O_CREAT | O_TRUNC), 0600 or die "$file: $!\n";
        sysseek $out, $at eq 'end' ? -s $file : $at, SEEK_SET or die "$file: $!\n" if defined $at;
        expect_same(syswrite($out, $data), length $data, 'bytes written') if length $data;
        close $out or die "$file: $!\n";
    },
    cut => sub {
        my ($step) = @_;
        truncate path_of($step, 'file'), delete $step->{bytes} or die "truncate: $!\n";
    },
    mkdir => sub { mkdir path_of($_[0], 'file') or die "mkdir: $!\n" },
    link  => sub { link path_of($_[0], 'target'), path_of($_[0], 'file') or die "link: $!\n" },
    symlink => sub { symlink delete $_[0]{target}, path_of($_[0], 'file') or die "symlink: $!\n" },
    fifo    => sub { mkfifo(path_of($_[0], 'file'), 0600) or die "mkfifo: $!\n" },
    chmod   => sub { chmod oct delete $_[0]{mode}, path_of($_[0], 'file') or die "chmod: $!\n" },
    rename  => sub { rename path_of($_[0], 'file'), path_of($_[0], 'to') or die "rename: $!\n" },
    remove  => sub {
        my $file = path_of($_[0], 'file');
        (-d $file && !-l $file ? rmdir $file : unlink $file) or die "remove: $!\n";
    },
    files => sub {
        my ($step) = @_;
        my %expected = map { Encode::encode_utf8($_) => $step->{$_} } keys %$step; # names are bytes
        %$step = ();
        my @found;
        find({ no_chdir => 1, wanted => sub { push @found, substr $_, 1 + length $folder if -l $_ || !-d _ } }, $folder);
        expect_same(join(' ', sort @found), join(' ', sort keys %expected), 'files');
        expect_file("$folder/$_", $expected{$_}) for @found;
    },
);

sub expect_file {
    my ($file, $value) = @_;
    my %expected = %$value;
    expect(\%expected, target => readlink $file) if exists $expected{target};
    expect(\%expected, mode => sprintf '%04o', S_IMODE((stat $file)[2])) if exists $expected{mode};
    expect(\%expected, bytes => -s $file) if exists $expected{bytes};
    return unless %expected;
    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/;
    my $content = <$in>;
    expect_same(defined $content ? $content : '', bytes_of(\%expected), $file);
    return;
}

# ---- scenarios ----

# Nothing, or what went wrong.
sub run_scenario {
    my ($scenario) = @_;
    $parent = tempdir();
    $folder = "$parent/0";
    $copies = 0;
    mkdir $folder or die "$folder: $!";
    my ($failure, $number);
    for my $fields (@{ $scenario->{steps} }) {
        $number++;
        my $step = {%$fields};
        my $what = delete $step->{do};
        next if eval { ($steps{$what} || die "unknown step\n")->($step); done($step); 1 };
        $failure = "step $number ($what): $@";
        last;
    }
    close_all();
    %passed = ();
    remove_tree($parent);
    return $failure;
}

my ($ran, $written) = (0, 0);
for my $file (sort glob "$suite/*.json") {
    next if $file =~ /schema\.json\z/;
    open my $in, '<:raw', $file or die "$file: $!";
    my $text = do { local $/; <$in> };
    $written += () = $text =~ /"steps"\s*:/g;
    for my $scenario (@{ JSON::PP->new->utf8->decode($text) }) {
        my $failure = run_scenario($scenario);
        my ($name) = $file =~ m{([^/]+)\z};
        ok(!defined $failure, Encode::encode_utf8("$name: $scenario->{name}")) or diag($failure);
        $ran++;
    }
}
ok($written > 0, 'there are scenarios');
is($ran, $written, 'every scenario of the files was run');
print STDERR "conformance: $ran of $written scenarios were run\n";
done_testing();
