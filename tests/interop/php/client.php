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
$content = $asked['style'] === 'wrapped' ? ['Dossier' => $message] : $message;
try {
    $answer = $client->Submit($content);
    $said = ['receipt' => is_object($answer) ? $answer->Receipt : $answer];
} catch (SoapFault $fault) {
    if (!isset($fault->detail)) {
        throw $fault;
    }
    $problems = $fault->detail->problems->problem;
    $problems = array_map(fn ($each) => $each->text, is_array($problems) ? $problems : [$problems]);
    $said = ['fault' => ['code' => $fault->faultcode, 'text' => $fault->faultstring, 'problems' => $problems]];
}
echo json_encode($said, JSON_THROW_ON_ERROR);
