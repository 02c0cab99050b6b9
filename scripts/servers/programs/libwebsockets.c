/* An echo server on libwebsockets. Its arguments are the ports for TCP and for TLS, and the files of key and certificate. */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a fragment, and messages before the Close frame. */
#define PIECE 1001
#define LAST 100

struct message {
  struct message *next;
  size_t length;
  int binary;
  unsigned char data[];
};

struct session {
  struct message *incoming;
  struct message *first, *last;
  size_t sent;
  /* The frame that was written last: compression reads it until the next callback for writing. */
  unsigned char *frame;
  int closing;
};

static void enqueue(struct session *session, struct message *message) {
  message->next = NULL;
  if (session->last) session->last->next = message;
  else session->first = message;
  session->last = message;
}

static struct message *grow(struct message *message, const void *data, size_t length) {
  size_t before = message ? message->length : 0;
  struct message *grown = realloc(message, sizeof *grown + before + length);
  memcpy(grown->data + before, data, length);
  grown->length = before + length;
  return grown;
}

static int is_text(const struct message *message, const char *text, int whole) {
  size_t length = strlen(text);
  if (message->binary || message->length < length || (whole && message->length != length)) return 0;
  return memcmp(message->data, text, length) == 0;
}

/* Sends one frame. The library asks again when the network takes more. */
static int write_frame(struct lws *connection, struct session *session) {
  struct message *message = session->first;
  size_t left = message->length - session->sent;
  size_t size = is_text(message, "fragments", 0) && left > PIECE ? PIECE : left;
  int first = session->sent == 0, final = size == left;
  enum lws_write_protocol kind = message->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
  session->frame = realloc(session->frame, LWS_PRE + size);
  memcpy(session->frame + LWS_PRE, message->data + session->sent, size);
  int written = lws_write(connection, session->frame + LWS_PRE, size, lws_write_ws_flags(kind, first, final));
  session->sent += size;
  if (final) {
    session->first = message->next;
    if (!session->first) session->last = NULL;
    session->sent = 0;
    free(message);
  }
  return written < 0 ? -1 : 0;
}

static int echo(struct lws *connection, enum lws_callback_reasons reason, void *user, void *data, size_t length) {
  struct session *session = user;
  switch (reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: {
      char path[64] = "";
      lws_hdr_copy(connection, path, sizeof path, WSI_TOKEN_GET_URI);
      if (strcmp(path, "/echo") == 0) return 0;
      lws_return_http_status(connection, HTTP_STATUS_FORBIDDEN, NULL);
      return 1;
    }
    case LWS_CALLBACK_RECEIVE: {
      session->incoming = grow(session->incoming, data, length);
      if (lws_remaining_packet_payload(connection) || !lws_is_final_fragment(connection)) return 0;
      struct message *message = session->incoming;
      session->incoming = NULL;
      message->binary = lws_frame_is_binary(connection);
      if (is_text(message, "close", 1)) {
        free(message);
        for (int index = 0; index < LAST; index++) {
          char text[16];
          struct message *last = grow(NULL, text, (size_t)sprintf(text, "last %d", index));
          last->binary = 0;
          enqueue(session, last);
        }
        session->closing = 1;
      } else enqueue(session, message);
      lws_callback_on_writable(connection);
      return 0;
    }
    case LWS_CALLBACK_SERVER_WRITEABLE:
      if (session->first) {
        if (write_frame(connection, session)) return -1;
        lws_callback_on_writable(connection);
        return 0;
      }
      if (!session->closing) return 0;
      lws_close_reason(connection, 4001, (unsigned char *)"as you wish", 11);
      return -1;
    case LWS_CALLBACK_CLOSED:
      free(session->incoming);
      free(session->frame);
      for (struct message *next; session->first; session->first = next) {
        next = session->first->next;
        free(session->first);
      }
      return 0;
    default:
      return 0;
  }
}

static const struct lws_protocols protocols[] = {
  {"echo", echo, sizeof(struct session), 65536, 0, NULL, 0},
  {NULL, NULL, 0, 0, 0, NULL, 0},
};

static const struct lws_extension extensions[] = {
  {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
  {NULL, NULL, NULL},
};

int main(int count, char **words) {
  if (count != 5) return 2;
  lws_set_log_level(LLL_ERR, NULL);
  struct lws_context_creation_info info = {0};
  info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
  struct lws_context *context = lws_create_context(&info);
  if (!context) return 1;
  struct lws_context_creation_info host = {0};
  host.iface = "127.0.0.1";
  host.protocols = protocols;
  host.extensions = extensions;
  host.port = atoi(words[1]);
  host.vhost_name = "plain";
  if (!lws_create_vhost(context, &host)) return 1;
  host.port = atoi(words[2]);
  host.vhost_name = "tls";
  host.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
  host.ssl_private_key_filepath = words[3];
  host.ssl_cert_filepath = words[4];
  if (!lws_create_vhost(context, &host)) return 1;
  while (lws_service(context, 0) >= 0) continue;
  lws_context_destroy(context);
  return 0;
}
