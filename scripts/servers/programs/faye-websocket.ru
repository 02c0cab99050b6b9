# An echo server on faye-websocket for Ruby, for Puma.
require 'faye/websocket'

run(lambda do |env|
  return [403, {}, []] if env['PATH_INFO'] == '/refused'
  return [302, { 'location' => '/echo' }, []] if env['PATH_INFO'] == '/redirect'
  return [426, {}, []] unless Faye::WebSocket.websocket?(env)

  socket = Faye::WebSocket.new(env, ['echo'])
  socket.on :message do |event|
    if event.data == 'close'
      100.times { |index| socket.send("last #{index}") }
      socket.close(4001, 'as you wish')
    else
      socket.send(event.data)
    end
  end
  socket.rack_response
end)
