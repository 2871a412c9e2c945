// What is given back to the allocator on the way of a token: nothing of it may still hold the
// token. Not under sanitizers: they have operators of their own in these places.
#ifndef ASSAY_SANITIZED
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "broker/body_sink.h"
#include "broker/json_object.h"
#include "broker/secret.h"
#include "support/fake_tenant.h"

namespace {

// Of the thread that watches only: the servers of a test run in this process too, and wipe nothing.
thread_local bool watching = false;
thread_local int found = 0;

void GiveBack(void* block) noexcept {
  if (block && watching) {
    const std::string_view mark = assay::test::kTokenCanary;
    if (memmem(block, malloc_usable_size(block), mark.data(), mark.size())) ++found;
  }
  std::free(block);
}

void* Get(size_t size) {
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(size_t size) { return Get(size); }
void* operator new[](size_t size) { return Get(size); }
void operator delete(void* block) noexcept { GiveBack(block); }
void operator delete[](void* block) noexcept { GiveBack(block); }
void operator delete(void* block, size_t) noexcept { GiveBack(block); }
void operator delete[](void* block, size_t) noexcept { GiveBack(block); }

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

class Watch {
 public:
  Watch() {
    found = 0;
    watching = true;
  }
  ~Watch() { watching = false; }
  int Stop() {
    watching = false;
    return found;
  }
};

}  // namespace

TEST_CASE("Wiped: the watch sees a copy that is left behind", "[broker][wiped]") {
  Watch watch;
  { const std::string copy = std::string(40, 'x') + kTokenCanary; }
  CHECK(watch.Stop() == 1);
}

TEST_CASE("Wiped: parsing a token leaves no copy of it, whole or broken [CH-16]",
          "[broker][wiped]") {
  const std::string good = TokenBody(MakeToken("https://graph.microsoft.com", ""));
  for (const std::string& text : {good, good.substr(0, good.size() - 1), good + "x",
                                  good.substr(0, good.size() - 1) + ",\"access_token\":\"y\"}"}) {
    Watch watch;
    {
      auto json = ParseJsonObject(text);
      if (json) const Secret token(std::move(json->texts["access_token"]));
    }
    CHECK(watch.Stop() == 0);
  }
}

TEST_CASE("Wiped: a body that grows leaves no copy of its beginning [CH-16]", "[broker][wiped]") {
  const std::string beginning = std::string(100, 'x') + kTokenCanary;
  BodySink sink("", 1u << 20);
  Watch watch;
  REQUIRE_OK(sink.Append(AsBytes(beginning)));
  for (int i = 0; i < 100; ++i) REQUIRE_OK(sink.Append(AsBytes(std::string(700, 'y'))));
  CHECK(watch.Stop() == 0);
}

TEST_CASE("Wiped: a token that was fetched, used and dropped leaves no copy [CH-16]",
          "[broker][wiped]") {
  int left = 0;
  {
    FakeTenant tenant([](const std::string&) { return Answer(200, "{\"value\":[]}"); });
    Watch watch;
    tenant.Get();
    left += watch.Stop();
    CHECK(tenant.TokenRequests().size() == 2);
    REQUIRE(tenant.Read(FakeTenant::Users()).record.http_status == 200);
    Watch end;
    tenant.Drop();
    left += end.Stop();
  }
  CHECK(left == 0);
}

#endif  // ASSAY_SANITIZED
