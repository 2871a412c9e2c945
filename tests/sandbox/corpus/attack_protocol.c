/* Frames that the engine must not believe, written past the host's own code. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

typedef struct head {
  uint32_t length;
  uint16_t type, flags;
  uint32_t reserved;
} head_t;

static int hang(void) {
  for (;;) poll(0, 0, -1);
  return 1;
}
static int send_head(uint32_t length, uint16_t type, uint16_t flags, uint32_t reserved) {
  const head_t head = {length, type, flags, reserved};
  CALL3(SYS_write, 3, &head, sizeof head);
  return hang();
}
static int frame_too_long(void) { return send_head((1u << 20) + 1, 4, 0, 0); }
static int frame_reserved(void) { return send_head(0, 4, 0, 1); }
static int frame_unknown_flag(void) { return send_head(0, 4, 2, 0); }
static int frame_without_descriptor(void) { return send_head(0, 4, 1, 0); }
static int frame_half_head(void) {
  CALL3(SYS_write, 3, "\0\0\0", 3);
  return hang();
}
static int frame_half_body(void) {
  const head_t head = {64, 4, 0, 0};
  CALL3(SYS_write, 3, &head, sizeof head);
  CALL3(SYS_write, 3, "half", 4);
  return hang();
}
static int frame_cut_by_end(void) {
  const head_t head = {64, 4, 0, 0};
  CALL3(SYS_write, 3, &head, sizeof head);
  _exit(0);
  return 1;
}
/* A descriptor that the head does not announce. */
static int smuggle_descriptor(void) {
  const head_t head = {4, 4, 0, 0};
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec io = {(void*)&head, sizeof head};
  struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
  struct cmsghdr* c;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), (int[]){3}, sizeof(int));
  CALL3(SYS_sendmsg, 3, &message, 0);
  return hang();
}

const attack_t kProtocolAttacks[] = {{"frame_too_long", frame_too_long},
                                     {"frame_reserved", frame_reserved},
                                     {"frame_unknown_flag", frame_unknown_flag},
                                     {"frame_without_descriptor", frame_without_descriptor},
                                     {"frame_half_head", frame_half_head},
                                     {"frame_half_body", frame_half_body},
                                     {"frame_cut_by_end", frame_cut_by_end},
                                     {"smuggle_descriptor", smuggle_descriptor},
                                     {0, 0}};
