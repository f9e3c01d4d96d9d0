# One call by SOAP::Lite. Reads from stdin what to say, writes to stdout what came of it, both as JSON.
use strict;
use warnings;
use Encode qw(encode);
use JSON::PP;
use MIME::Base64 qw(decode_base64 encode_base64);
use SOAP::Lite;

my $asked = JSON::PP->new->utf8->decode(do { local $/; <STDIN> });
my $namespace = "urn:interop:$asked->{style}";
my $types = 'urn:interop:dossier';
my ($bare, $rpc) = ($asked->{style} eq 'bare', $asked->{style} eq 'rpc');

# SOAP::Lite reads no document/literal WSDL, so the elements are named here: [name, value] in the contract's order. It escapes
# only what it finds the type of, and would name Perl's own types: so text is escaped here, and types are the contract's.
sub element {
    my ($name, $value) = @{$_[0]};
    my $made = SOAP::Data->name("d:$name")->type('');
    return $made->value($value ? 1 : 0) if JSON::PP::is_bool($value);
    return $made->attr({'xsi:type' => "d:$name"})->value(\SOAP::Data->value(map { element($_) } @$value)) if ref $value;
    return $made->attr({'xsi:nil' => 'true'})->value('') unless defined $value;
    return $made->attr({href => 'cid:photo@perl'})->value('') if $name eq 'Photo' && $asked->{beside};
    my $text = SOAP::Utils::encode_data("$value");
    # With parts, SOAP::Lite encodes the whole as UTF-8 once it is a package of bytes: so all must be ASCII.
    return $made->value($asked->{beside} ? encode('ascii', $text, Encode::FB_XMLCREF) : $text);
}

my @fields = map { element($_) } @{$asked->{fields}};
my $part = $rpc ? 'Dossier' : 't:Dossier';
my $dossier = SOAP::Data->name($part)->type('')->attr({'xsi:type' => 'd:Dossier'})->value(\SOAP::Data->value(@fields));
my (undef, $id, $secret) = split /_/, $asked->{key};

my $soap = SOAP::Lite->soapversion($asked->{version})->proxy($asked->{address})->autotype(0);
$soap->transport->http_request->header(Authorization => 'Basic ' . encode_base64("$id:$secret", ''));
$soap->on_action(sub { "\"$namespace:Submit\"" });
$soap->serializer->register_ns($types, 'd');
$soap->serializer->register_ns($namespace, 't');
$soap->serializer->encodingStyle('');
$soap->on_fault(sub { my ($self, $answer) = @_; ref $answer ? $answer : die $self->transport->status . "\n$answer\n" });

if ($asked->{beside}) {
    require MIME::Entity;
    my $photo = decode_base64($asked->{message}{Photo});
    $soap->parts([MIME::Entity->build(Type => 'image/png', Encoding => 'base64', Id => '<photo@perl>', Data => $photo)]);
}

my $method = SOAP::Data->name($bare ? 't:SubmittedDossier' : 't:Submit');
my $answer = $soap->call($method => $bare ? @fields : $dossier);
my $said;
if ($answer->fault) {
    my ($code, $text) = $asked->{version} eq '1.1' ? qw(faultcode faultstring) : qw(Code/Value Reason/Text);
    # faultdetail knows SOAP 1.1 alone.
    my $told = $asked->{version} eq '1.1' ? $answer->faultdetail->{Refused} : $answer->valueof('//Fault/Detail/Refused');
    $said = {fault => {
        code => $answer->valueof("//Fault/$code"),
        text => $answer->valueof("//Fault/$text"),
        declared => [$told->{Code}, $told->{Words}],
    }};
}
else {
    $said = {receipt => $answer->valueof('//Receipt')};
}
print JSON::PP->new->utf8->encode($said);
