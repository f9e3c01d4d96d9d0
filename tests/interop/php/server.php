<?php
// PHP's SoapServer, as router script of `php -S`. What was understood goes to a file, one JSON line each.
declare(strict_types=1);

$given = json_decode(getenv('INTEROP'), true, 512, JSON_THROW_ON_ERROR);
$connector = trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/');
$faces = array_column($given['faces'], null, 'connector');
if (!isset($faces[$connector])) {
    http_response_code(404);
    return;
}
$face = $faces[$connector];

final class Service
{
    public function __construct(private array $face, private string $heard)
    {
    }

    public function Deliver(object $given): mixed
    {
        $dossier = $this->face['style'] === 'wrapped' ? $given->Dossier : $given;
        if (isset($dossier->Photo)) {
            $dossier->Photo = base64_encode($dossier->Photo); // SoapServer gives bytes, JSON takes none
        }
        $line = json_encode(['face' => $this->face['connector'], 'dossier' => $dossier], JSON_THROW_ON_ERROR);
        file_put_contents($this->heard, $line . "\n", FILE_APPEND);
        if ($dossier->Building === 'REFUSE') {
            $code = $this->face['version'] === '1.2' ? 'Sender' : 'Client';
            $detail = (object) ['Code' => 'P5', 'Words' => 'Dossier fermé & classé'];
            throw new SoapFault($code, 'Refused', null, $detail, 'Refused');
        }
        $receipt = 'R-' . $dossier->Number;
        return $this->face['style'] === 'rpc' ? $receipt : ['Receipt' => $receipt];
    }
}

$server = new SoapServer($face['wsdl'], [
    'soap_version' => $face['version'] === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);
$server->setObject(new Service($face, $given['heard']));
$server->handle();
