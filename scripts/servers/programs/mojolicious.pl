# An echo server on Mojolicious. Run by its daemon command.
use Mojolicious::Lite -signatures;

app->log->level('fatal');

websocket '/echo' => sub ($c) {
  $c->tx->with_protocols('echo');
  $c->tx->with_compression;
  $c->tx->max_websocket_size(64 * 1024 * 1024);
  $c->on(text => sub ($c, $bytes) {
    if ($bytes eq 'close') {
      $c->send("last $_") for 0 .. 99;
      $c->finish(4001 => 'as you wish');
    }
    elsif ($bytes =~ /^fragments/) {
      # The frames are sent one after the other; 1 is text, 0 a continuation.
      my $tx = $c->tx;
      $tx->send([0, 0, 0, 0, 1, substr($bytes, 0, 13)]);
      $tx->send([0, 0, 0, 0, 0, '']);
      $tx->send([1, 0, 0, 0, 0, substr($bytes, 13)]);
    }
    else { $c->send({text => $bytes}) }
  });
  $c->on(binary => sub ($c, $bytes) { $c->send({binary => $bytes}) });
};
get '/refused' => sub ($c) { $c->render(text => '', status => 403) };
get '/redirect' => sub ($c) { $c->res->code(302); $c->redirect_to('/echo') };
websocket '/refused' => sub ($c) { $c->render(text => '', status => 403) };
websocket '/redirect' => sub ($c) { $c->redirect_to('/echo') };

app->start;
