#!/usr/bin/env escript
%%! -noshell
%% An echo server on Cowboy. Its arguments are the ports and the files of key and certificate.
-module(cowboy_echo).
-mode(compile).
-export([main/1, init/2, websocket_handle/2, websocket_info/2]).

main([Port, TlsPort, Key, Cert]) ->
    {ok, _} = application:ensure_all_started(ssl),
    {ok, _} = application:ensure_all_started(cowboy),
    Paths = [{"/echo", ?MODULE, echo}, {"/refused", ?MODULE, refused}, {"/redirect", ?MODULE, redirect}],
    Options = #{env => #{dispatch => cowboy_router:compile([{'_', Paths}])}},
    Address = {ip, {127, 0, 0, 1}},
    {ok, _} = cowboy:start_clear(plain, [Address, {port, list_to_integer(Port)}], Options),
    Tls = [Address, {port, list_to_integer(TlsPort)}, {keyfile, Key}, {certfile, Cert}],
    {ok, _} = cowboy:start_tls(tls, Tls, Options),
    timer:sleep(infinity).

init(Request, echo) ->
    Offered = cowboy_req:parse_header(<<"sec-websocket-protocol">>, Request, []),
    Chosen = case lists:member(<<"echo">>, Offered) of
        true -> cowboy_req:set_resp_header(<<"sec-websocket-protocol">>, <<"echo">>, Request);
        false -> Request
    end,
    {cowboy_websocket, Chosen, [], #{compress => true, max_frame_size => infinity}};
init(Request, refused) ->
    {ok, cowboy_req:reply(403, Request), refused};
init(Request, redirect) ->
    {ok, cowboy_req:reply(302, #{<<"location">> => <<"/echo">>}, Request), redirect}.

websocket_handle({text, <<"close">>}, State) ->
    Last = [{text, io_lib:format("last ~b", [Index])} || Index <- lists:seq(0, 99)],
    {Last ++ [{close, 4001, <<"as you wish">>}], State};
websocket_handle({Kind, Message}, State) when Kind =:= text; Kind =:= binary ->
    {[{Kind, Message}], State};
websocket_handle(_, State) ->
    {[], State}.

websocket_info(_, State) ->
    {[], State}.
