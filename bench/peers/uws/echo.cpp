// uWebSockets: echo and broadcast with the flags of the other servers.
#include "App.h"

#include <cstdio>
#include <cstdlib>
#include <string>

struct Args {
    std::string host = "127.0.0.1";
    int port = 0;
    bool broadcast = false;
    uWS::CompressOptions compression = uWS::DISABLED;
};

static uWS::CompressOptions compressionOf(const std::string &word) {
    if (word == "takeover") return uWS::CompressOptions(uWS::DEDICATED_COMPRESSOR | uWS::DEDICATED_DECOMPRESSOR);
    if (word == "no-takeover") return uWS::CompressOptions(uWS::SHARED_COMPRESSOR | uWS::SHARED_DECOMPRESSOR);
    return uWS::DISABLED;
}

static Args parse(int argc, char **argv) {
    Args args;
    for (int i = 1; i < argc; i++) {
        std::string flag = argv[i], value = i + 1 < argc ? argv[i + 1] : "";
        if (flag == "--lean") continue;
        if (flag == "--listen") {
            auto colon = value.rfind(':');
            args.host = value.substr(0, colon);
            args.port = atoi(value.c_str() + colon + 1);
        } else if (flag == "--deflate") {
            args.compression = compressionOf(value);
        } else if (flag == "--mode") {
            args.broadcast = value == "broadcast";
        } else {
            fprintf(stderr, "unknown flag %s\n", flag.c_str());
            exit(2);
        }
        i++;
    }
    return args;
}

struct PerSocket {};

int main(int argc, char **argv) {
    Args args = parse(argc, argv);
    bool compress = args.compression != uWS::DISABLED;
    uWS::App app;
    uWS::App::WebSocketBehavior<PerSocket> behavior;
    behavior.compression = args.compression;
    behavior.maxPayloadLength = 16 * 1024 * 1024;
    behavior.idleTimeout = 0;
    behavior.sendPingsAutomatically = false;
    behavior.maxBackpressure = 64 * 1024 * 1024;
    behavior.open = [&](auto *ws) {
        if (args.broadcast) ws->subscribe("all");
    };
    behavior.message = [&](auto *ws, std::string_view message, uWS::OpCode opCode) {
        if (args.broadcast) {
            app.publish("all", message, opCode, false);
        } else {
            ws->send(message, opCode, compress);
        }
    };
    app.ws<PerSocket>("/*", std::move(behavior));
    app.listen(args.host, args.port, [](auto *socket) {
        if (!socket) {
            fprintf(stderr, "cannot listen\n");
            exit(1);
        }
    });
    app.run();
}
