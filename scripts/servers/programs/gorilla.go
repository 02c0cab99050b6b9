// An echo server on the package websocket of Gorilla. Its argument is the Settings as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/gorilla/websocket"
)

var settings struct {
	Port    int
	TlsPort int
	Key     string
	Cert    string
}

var upgrader = websocket.Upgrader{Subprotocols: []string{"echo"}, EnableCompression: true}

func echo(writer http.ResponseWriter, request *http.Request) {
	socket, err := upgrader.Upgrade(writer, request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	for {
		kind, message, err := socket.ReadMessage()
		if err != nil {
			return
		}
		text := string(message)
		if text == "close" {
			for index := 0; index < 100; index++ {
				socket.WriteMessage(websocket.TextMessage, []byte(fmt.Sprintf("last %d", index)))
			}
			reason := websocket.FormatCloseMessage(4001, "as you wish")
			socket.WriteMessage(websocket.CloseMessage, reason)
			// Reads until the client's Close frame.
			continue
		}
		if kind == websocket.TextMessage && strings.HasPrefix(text, "fragments") {
			// A writer sends a frame whenever its buffer, of 4096 bytes, is full.
			pieces, _ := socket.NextWriter(kind)
			for len(message) > 0 {
				size := 1001
				if size > len(message) {
					size = len(message)
				}
				pieces.Write(message[:size])
				message = message[size:]
			}
			pieces.Close()
			continue
		}
		if socket.WriteMessage(kind, message) != nil {
			return
		}
	}
}

func main() {
	if err := json.Unmarshal([]byte(os.Args[1]), &settings); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/refused", func(writer http.ResponseWriter, request *http.Request) { writer.WriteHeader(403) })
	http.Handle("/redirect", http.RedirectHandler("/echo", 302))
	quiet := log.New(os.Stderr, "", 0)
	go func() {
		server := http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", settings.TlsPort), ErrorLog: quiet}
		log.Fatal(server.ListenAndServeTLS(settings.Cert, settings.Key))
	}()
	log.Fatal(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", settings.Port), nil))
}
