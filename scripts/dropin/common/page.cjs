'use strict'
// Copied into each project. An exchange in a DOM: the text, then what the server has seen of the page. Resolves with the events; an
// event that is not of the page's class, or not of its target, is marked.
exports.exchangeInPage = (WebSocket, url, window = globalThis) =>
  new Promise(resolve => {
    const events = []
    const socket = new WebSocket(url)
    const note = (event, Class, text) => {
      const isRight = event instanceof Class && event instanceof window.Event && event.target === socket
      events.push(isRight ? text : `${text}, which is not of the page`)
    }
    socket.addEventListener('open', event => {
      note(event, window.Event, 'open')
      socket.send('text')
      socket.send('request?')
    })
    socket.onmessage = event => {
      note(event, window.MessageEvent, event.data)
      if (events.length === 3) socket.close(1000)
    }
    socket.addEventListener('error', event => note(event, window.Event, 'error'))
    socket.onclose = event => {
      note(event, window.CloseEvent, `close ${event.code}`)
      resolve(events)
    }
  })
