// Task<T>: a coroutine that takes bench time. One executor, one thread (design D2).
#pragma once

#include <boost/asio/awaitable.hpp>

namespace instruments::io {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace instruments::io
