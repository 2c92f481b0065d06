//! Nothing: the server is `echo.cpp` beside this folder. This crate exists so that Cargo fetches the
//! sources of uWebSockets, which `libuwebsockets-sys` carries.
