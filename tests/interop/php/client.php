<?php
// One call by PHP's SoapClient. Reads from stdin what to say, writes to stdout what came of it, both as JSON.
declare(strict_types=1);

$asked = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
[, $id, $secret] = explode('_', $asked['key']);
$client = new SoapClient($asked['wsdl'], [
    'soap_version' => $asked['version'] === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'login' => $id,
    'password' => $secret,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);
$message = $asked['message'];
if (isset($message['Photo'])) {
    $message['Photo'] = base64_decode($message['Photo']); // the contract says base64Binary: SoapClient writes it so
}
$content = $asked['style'] === 'wrapped' ? ['Dossier' => $message] : $message;
try {
    $answer = $client->Submit($content);
    $said = ['receipt' => is_object($answer) ? $answer->Receipt : $answer];
} catch (SoapFault $fault) {
    if (!isset($fault->detail)) {
        throw $fault;
    }
    $told = $fault->detail->Refused;
    $declared = [$told->Code, $told->Words];
    $said = ['fault' => ['code' => $fault->faultcode, 'text' => $fault->faultstring, 'declared' => $declared]];
}
echo json_encode($said, JSON_THROW_ON_ERROR);
