#include "fault/disk_model.h"

#include <algorithm>
#include <functional>

namespace assay::fault {
namespace {

constexpr uint64_t kSector = 512;
constexpr uint64_t kPage = 4096;

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

void Put(std::string& file, uint64_t offset, std::string_view data) {
  if (file.size() < offset + data.size()) file.resize(offset + data.size(), '\0');
  std::copy(data.begin(), data.end(), file.begin() + static_cast<std::ptrdiff_t>(offset));
}

// Xorshift: the same on every machine, unlike the distributions of the standard library.
bool Toss(uint32_t& state) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return (state >> 7 & 1) != 0;
}

void PutSomeSectors(std::string& file, uint64_t offset, std::string_view data, uint32_t& state) {
  while (!data.empty()) {
    const uint64_t room = kSector - offset % kSector;
    const std::string_view sector = data.substr(0, room);
    if (Toss(state)) Put(file, offset, sector);
    offset += sector.size();
    data.remove_prefix(sector.size());
  }
}

}  // namespace

uint64_t HashOf(const Image& image) {
  constexpr uint64_t kSpread = 0x9e3779b97f4a7c15u;
  uint64_t sum = 0;
  for (const auto& [path, bytes] : image) {
    sum = sum * kSpread + std::hash<std::string>()(path);
    sum = sum * kSpread + std::hash<std::string>()(bytes);
  }
  return sum;
}

DiskModel::DiskModel(std::string root, const Image& before)
    : root_(std::move(root)), top_(std::make_shared<Node>()) {
  top_->is_folder = true;
  for (const auto& [path, bytes] : before) {
    if (path.ends_with('/')) {
      Folder(path.substr(0, path.size() - 1));
      continue;
    }
    const NodeRef file = File(path);
    file->durable = file->current = bytes;
  }
  durable_ = current_;
  pending_.clear();
}

void DiskModel::Names::Apply(const NameChange& change) {
  for (const auto& [place, node] : change.names) {
    auto& names = of[place.folder];
    if (node)
      names[place.name] = node;
    else
      names.erase(place.name);
  }
}

DiskModel::NodeRef DiskModel::Names::Find(const Place& place) const {
  const auto folder = of.find(place.folder);
  if (folder == of.end()) return nullptr;
  const auto it = folder->second.find(place.name);
  return it == folder->second.end() ? nullptr : it->second;
}

void DiskModel::Change(NameChange change) {
  current_.Apply(change);
  pending_.push_back(std::move(change));
}

DiskModel::Place DiskModel::PlaceOf(const std::string& path) {
  return {Folder(FolderOf(path)), path.substr(path.rfind('/') + 1)};
}

DiskModel::NodeRef DiskModel::Folder(const std::string& path) {
  if (path.size() <= root_.size()) return top_;
  const Place place = PlaceOf(path);
  NodeRef node = current_.Find(place);
  if (node) return node;
  node = std::make_shared<Node>();
  node->is_folder = true;
  Change({{{place, node}}});
  return node;
}

DiskModel::NodeRef DiskModel::File(const std::string& path) {
  const Place place = PlaceOf(path);
  NodeRef node = current_.Find(place);
  if (node) return node;
  node = std::make_shared<Node>();
  Change({{{place, node}}});
  return node;
}

void DiskModel::Apply(const Op& op) {
  switch (op.kind) {
    case OpKind::kWrite: {
      const NodeRef file = File(op.path);
      Put(file->current, op.offset, op.data);
      file->pending.push_back({op.offset, op.data, false});
      break;
    }
    case OpKind::kTruncate: {
      const NodeRef file = File(op.path);
      file->current.resize(op.offset, '\0');
      file->pending.push_back({op.offset, {}, true});
      break;
    }
    case OpKind::kSync:
      Sync(*File(op.path), op.lost);
      break;
    case OpKind::kSyncDirectory:
      if (!op.lost) SyncFolder(Folder(op.path));
      break;
    default:
      ApplyToNames(op);
  }
}

void DiskModel::ApplyToNames(const Op& op) {
  switch (op.kind) {
    case OpKind::kOpen:
      if (op.path.ends_with('/'))
        Folder(op.path.substr(0, op.path.size() - 1));
      else
        File(op.path);
      break;
    case OpKind::kDelete:
      Change({{{PlaceOf(op.path), nullptr}}});
      break;
    case OpKind::kRename: {
      const Place from = PlaceOf(op.path), to = PlaceOf(op.data);
      Change({{{from, nullptr}, {to, current_.Find(from)}}});
      break;
    }
    case OpKind::kExchange: {
      const Place one = PlaceOf(op.path), other = PlaceOf(op.data);
      Change({{{one, current_.Find(other)}, {other, current_.Find(one)}}});
      break;
    }
    case OpKind::kLink:
      Change({{{PlaceOf(op.data), current_.Find(PlaceOf(op.path))}}});
      break;
    default:
      break;
  }
}

void DiskModel::Sync(Node& file, bool lost) {
  if (!lost) {
    file.durable.resize(file.current.size(), '\0');
    for (const Write& write : file.pending) {
      if (write.truncates || write.data.empty()) continue;
      const uint64_t first = write.offset / kPage * kPage;
      const uint64_t end = (write.offset + write.data.size() + kPage - 1) / kPage * kPage;
      if (first < file.current.size())
        Put(file.durable, first, std::string_view(file.current).substr(first, end - first));
    }
  }
  file.pending.clear();
}

void DiskModel::SyncFolder(const NodeRef& folder) {
  const auto is_here = [&](const NameChange& change) {
    return std::any_of(change.names.begin(), change.names.end(),
                       [&](const auto& name) { return name.first.folder == folder; });
  };
  for (const NameChange& change : pending_)
    if (is_here(change)) durable_.Apply(change);
  std::erase_if(pending_, is_here);
}

std::string DiskModel::Survivor(const Node& file, Loss loss, uint32_t& state) {
  if (loss == Loss::kNone) return file.current;
  std::string out = file.durable;
  if (loss == Loss::kAll) return out;
  for (const Write& write : file.pending) {
    if (write.truncates || loss == Loss::kReordered) {
      if (!Toss(state)) continue;
      if (write.truncates)
        out.resize(write.offset, '\0');
      else
        Put(out, write.offset, write.data);
    } else {
      PutSomeSectors(out, write.offset, write.data, state);
    }
  }
  return out;
}

Image DiskModel::After(Loss loss, uint32_t seed) const {
  uint32_t state = seed * 2654435761u | 1;
  Names names = loss == Loss::kNone ? current_ : durable_;
  if (loss == Loss::kTornSectors || loss == Loss::kReordered)
    for (const NameChange& change : pending_)
      if (Toss(state)) names.Apply(change);
  Image out;
  std::vector<std::pair<std::string, NodeRef>> folders = {{root_, top_}};
  while (!folders.empty()) {
    const auto [path, folder] = folders.back();
    folders.pop_back();
    for (const auto& [name, node] : names.of[folder]) {
      const std::string full = path + "/" + name;
      if (node->is_folder) {
        folders.emplace_back(full, node);
        out[full + "/"];
      } else {
        out[full] = Survivor(*node, loss, state);
      }
    }
  }
  return out;
}

}  // namespace assay::fault
