// A server on the library of Centrifugo. Its argument is the Settings as JSON. It takes everybody, and each
// channel can be subscribed to, published to, and read back.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/centrifugal/centrifuge"
)

var settings struct {
	Port int
}

func serve(client *centrifuge.Client) {
	client.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
		reply(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{Presence: true}}, nil)
	})
	client.OnPublish(func(_ centrifuge.PublishEvent, reply centrifuge.PublishCallback) {
		reply(centrifuge.PublishReply{Options: centrifuge.PublishOptions{HistorySize: 10, HistoryTTL: time.Minute}}, nil)
	})
	client.OnHistory(func(_ centrifuge.HistoryEvent, reply centrifuge.HistoryCallback) {
		reply(centrifuge.HistoryReply{}, nil)
	})
	client.OnRPC(func(event centrifuge.RPCEvent, reply centrifuge.RPCCallback) {
		reply(centrifuge.RPCReply{Data: event.Data}, nil)
	})
}

func main() {
	if err := json.Unmarshal([]byte(os.Args[1]), &settings); err != nil {
		log.Fatal(err)
	}
	node, err := centrifuge.New(centrifuge.DefaultConfig)
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "ada"}}, nil
	})
	node.OnConnect(serve)
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	handler := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{Compression: true, MessageSizeLimit: 1 << 20})
	http.Handle("/connection", handler)
	log.Fatal(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", settings.Port), nil))
}
