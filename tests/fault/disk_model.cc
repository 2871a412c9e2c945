#include "fault/disk_model.h"

#include <algorithm>

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

DiskModel::DiskModel(std::string root) : root_(std::move(root)) {
  durable_.folders.insert(root_);
  current_.folders.insert(root_);
}

void DiskModel::Names::Apply(const NameChange& change) {
  switch (change.kind) {
    case OpKind::kDelete:
      files.erase(change.path);
      break;
    case OpKind::kRename:
      files.erase(change.path);
      files[change.new_path] = change.file;
      break;
    default:
      if (change.file)
        files[change.path] = change.file;
      else
        folders.insert(change.path);
  }
}

void DiskModel::Change(NameChange change) {
  current_.Apply(change);
  pending_.push_back(std::move(change));
}

void DiskModel::MakeFolder(const std::string& path) {
  if (current_.folders.contains(path)) return;
  MakeFolder(FolderOf(path));
  Change({OpKind::kOpen, path, {}, nullptr});
}

DiskModel::FileRef DiskModel::Find(const std::string& path) {
  const auto it = current_.files.find(path);
  if (it != current_.files.end()) return it->second;
  MakeFolder(FolderOf(path));
  auto file = std::make_shared<File>();
  Change({OpKind::kOpen, path, {}, file});
  return file;
}

void DiskModel::Apply(const Op& op) {
  switch (op.kind) {
    case OpKind::kOpen:
      if (op.path.ends_with('/'))
        MakeFolder(op.path.substr(0, op.path.size() - 1));
      else
        Find(op.path);
      break;
    case OpKind::kWrite: {
      const FileRef file = Find(op.path);
      Put(file->current, op.offset, op.data);
      file->pending.push_back({op.offset, op.data, false});
      break;
    }
    case OpKind::kTruncate: {
      const FileRef file = Find(op.path);
      file->current.resize(op.offset, '\0');
      file->pending.push_back({op.offset, {}, true});
      break;
    }
    case OpKind::kSync:
      Sync(*Find(op.path), op.lost);
      break;
    case OpKind::kSyncDirectory:
      if (!op.lost) SyncFolder(op.path);
      break;
    case OpKind::kDelete:
      Change({OpKind::kDelete, op.path, {}, nullptr});
      break;
    case OpKind::kRename:
      Change({OpKind::kRename, op.path, op.data, Find(op.path)});
      break;
    default:
      break;
  }
}

void DiskModel::Sync(File& file, bool lost) {
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

void DiskModel::SyncFolder(const std::string& path) {
  const auto is_here = [&](const NameChange& change) { return FolderOf(change.path) == path; };
  for (const NameChange& change : pending_)
    if (is_here(change)) durable_.Apply(change);
  std::erase_if(pending_, is_here);
}

std::string DiskModel::Survivor(const File& file, Loss loss, uint32_t& state) {
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
  for (const auto& [path, file] : names.files)
    if (names.folders.contains(FolderOf(path))) out[path] = Survivor(*file, loss, state);
  return out;
}

}  // namespace assay::fault
