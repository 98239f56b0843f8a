// The one translation unit that compiles Boost.Asio itself.
#include <boost/asio/impl/src.hpp>
