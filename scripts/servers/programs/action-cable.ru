# Action Cable without the rest of Rails, for Puma: a channel that sends to all of its room what one of them shouts.
require 'logger'
require 'active_support'
require 'active_support/core_ext'
require 'action_cable'

class Room < ActionCable::Channel::Base
  def subscribed
    stream_from 'room'
  end

  def shout(data)
    ActionCable.server.broadcast('room', data.slice('text'))
  end

  def leave
    100.times { |index| transmit({ 'text' => "last #{index}" }) }
    connection.close(reason: 'as you wish', reconnect: false)
  end
end

ActionCable.server.config.tap do |config|
  config.cable = { 'adapter' => 'async' }
  config.connection_class = -> { ActionCable::Connection::Base }
  # Without one of these origins a handshake is answered with 404.
  config.allowed_request_origins = ['https://page.test']
  config.logger = Logger.new(nil)
end

run(lambda do |env|
  next [302, { 'location' => '/echo' }, []] if env['PATH_INFO'] == '/redirect'

  ActionCable.server.call(env)
end)
