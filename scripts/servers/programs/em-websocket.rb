# An echo server on em-websocket. Its argument is the Settings as JSON.
require 'em-websocket'
require 'json'

settings = JSON.parse(ARGV[0])
tls = { private_key_file: settings['key'], cert_chain_file: settings['cert'] }

EM.run do
  [[settings['port'], {}], [settings['tlsPort'], { secure: true, tls_options: tls }]].each do |port, more|
    EM::WebSocket.run({ host: '127.0.0.1', port: port }.merge(more)) do |socket|
      socket.onmessage do |text|
        if text == 'close'
          100.times { |index| socket.send("last #{index}") }
          socket.close(4001, 'as you wish')
        else
          socket.send(text)
        end
      end
      socket.onbinary { |bytes| socket.send_binary(bytes) }
      socket.onerror {}
    end
  end
end
