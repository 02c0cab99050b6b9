<?php
// An echo server in plain PHP: a process for each connection. Its argument is the Settings as JSON.

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** A connection that is open, with permessage-deflate (RFC 7692) if that was agreed on. */
class Connection
{
    private $inflate = null;
    private $deflate = null;

    function __construct(private $stream, bool $compresses)
    {
        if (!$compresses) return;
        $this->inflate = inflate_init(ZLIB_ENCODING_RAW);
        $this->deflate = deflate_init(ZLIB_ENCODING_RAW);
    }

    /** The next message, and whether it is binary. Null when the connection is over. */
    function receive(): ?array
    {
        $message = '';
        $type = TEXT;
        $compressed = false;
        while (($head = $this->read(2)) !== null) {
            [$first, $second] = [ord($head[0]), ord($head[1])];
            $length = $second & 127;
            if ($length === 126) $length = unpack('n', $this->read(2))[1];
            elseif ($length === 127) $length = unpack('J', $this->read(8))[1];
            $key = $this->read(4);
            $payload = $length === 0 ? '' : $this->read($length);
            if ($key === null || $payload === null) return null;
            $payload ^= str_repeat($key, intdiv($length, 4) + 1);
            $opcode = $first & 15;
            if ($opcode === PING) $this->frame(PONG, $payload);
            if ($opcode === CLOSE) {
                $this->frame(CLOSE, $payload);
                return null;
            }
            if ($opcode >= CLOSE) continue;
            if ($opcode !== 0) [$type, $compressed] = [$opcode, ($first & 64) !== 0];
            $message .= $payload;
            if (($first & 128) === 0) continue;
            if ($compressed) $message = inflate_add($this->inflate, "$message\0\0\xff\xff", ZLIB_SYNC_FLUSH);
            return [$message, $type === BINARY];
        }
        return null;
    }

    /** Sends a message, in one frame or in frames of so many bytes. */
    function send(string $message, bool $binary, int $piece = PHP_INT_MAX): void
    {
        $reserved = 0;
        if ($this->deflate !== null) {
            $message = substr(deflate_add($this->deflate, $message, ZLIB_SYNC_FLUSH), 0, -4);
            $reserved = 64;
        }
        $pieces = $piece < strlen($message) ? str_split($message, $piece) : [$message];
        foreach ($pieces as $index => $payload) {
            $opcode = $index > 0 ? 0 : ($binary ? BINARY : TEXT) | $reserved;
            $this->frame($opcode, $payload, $index === count($pieces) - 1);
        }
    }

    /** Sends a Close frame, and waits for the one of the client. */
    function close(int $code, string $reason): void
    {
        $this->frame(CLOSE, pack('n', $code) . $reason);
        while (fread($this->stream, 65536)) continue;
    }

    private function frame(int $opcode, string $payload, bool $final = true): void
    {
        $length = strlen($payload);
        $head = chr(($final ? 128 : 0) | $opcode);
        if ($length < 126) $head .= chr($length);
        elseif ($length < 65536) $head .= chr(126) . pack('n', $length);
        else $head .= chr(127) . pack('J', $length);
        $rest = $head . $payload;
        while ($rest !== '' && ($written = fwrite($this->stream, $rest))) $rest = substr($rest, $written);
    }

    private function read(int $length): ?string
    {
        $bytes = '';
        while (strlen($bytes) < $length) {
            $more = fread($this->stream, $length - strlen($bytes));
            if ($more === '' || $more === false) return null;
            $bytes .= $more;
        }
        return $bytes;
    }
}

/** Shakes hands. Null: the client was refused or redirected. */
function accept($stream): ?Connection
{
    $path = explode(' ', (string) fgets($stream))[1] ?? '';
    $headers = [];
    while (($line = rtrim((string) fgets($stream))) !== '') {
        [$name, $value] = explode(':', $line, 2);
        $headers[strtolower($name)] = trim($value);
    }
    if ($path !== '/echo' || !isset($headers['sec-websocket-key'])) {
        $status = $path === '/redirect' ? "302 Found\r\nLocation: /echo" : '403 Forbidden';
        fwrite($stream, "HTTP/1.1 $status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return null;
    }
    $accept = base64_encode(sha1($headers['sec-websocket-key'] . GUID, true));
    $answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: $accept\r\n";
    $offered = array_map('trim', explode(',', $headers['sec-websocket-protocol'] ?? ''));
    if (in_array('echo', $offered)) $answer .= "Sec-WebSocket-Protocol: echo\r\n";
    $compresses = str_starts_with($headers['sec-websocket-extensions'] ?? '', 'permessage-deflate');
    if ($compresses) $answer .= "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    fwrite($stream, "$answer\r\n");
    return new Connection($stream, $compresses);
}

function serve($stream): void
{
    $connection = accept($stream);
    while ($connection !== null && ($received = $connection->receive()) !== null) {
        [$message, $binary] = $received;
        if ($message === 'close' && !$binary) {
            for ($index = 0; $index < 100; $index++) $connection->send("last $index", false);
            $connection->close(4001, 'as you wish');
            return;
        }
        $connection->send($message, $binary, !$binary && str_starts_with($message, 'fragments') ? 29 : PHP_INT_MAX);
    }
}

function listen(int $port, array $tls = []): void
{
    $server = stream_socket_server("tcp://127.0.0.1:$port", context: stream_context_create(['ssl' => $tls]));
    while (true) {
        $stream = @stream_socket_accept($server, -1);
        if ($stream === false) continue;
        if (pcntl_fork() === 0) {
            fclose($server);
            stream_set_timeout($stream, 3600);
            if ($tls === [] || @stream_socket_enable_crypto($stream, true, STREAM_CRYPTO_METHOD_TLS_SERVER)) serve($stream);
            exit;
        }
        fclose($stream);
    }
}

$settings = json_decode($argv[1], true);
pcntl_async_signals(true);
pcntl_signal(SIGCHLD, SIG_IGN);
if (pcntl_fork() === 0) listen($settings['port']);
listen($settings['tlsPort'], ['local_cert' => $settings['cert'], 'local_pk' => $settings['key']]);
