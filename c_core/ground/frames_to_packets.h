/// frames_to_packets.h - telemetry frames (AOS 732.0-B-4, TM 132.0-B-3) to space packets, with an
/// account of everything that is lost.
///
/// Frames come in batches, packets go out in batches, in the order in which they were completed. Each
/// (spacecraft, virtual channel) has its own reassembly; a packet cut by a lost or damaged frame is
/// dropped and counted, and the first header pointer of the next good frame finds the next packet.
///
/// The caller owns all memory: the state, a table of channels, and F2P_PARTIAL_OCTETS for each channel
/// where the packet that is not complete waits. A frame costs its CRC and one copy of its zone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/telemetry.h"

enum {
    F2P_PARTIAL_OCTETS = 65544, ///< The longest packet, rounded up to keep rows aligned.
    F2P_SPACECRAFT_IDS = 1024,
};

/// What became of a frame.
typedef enum {
    F2P_GOOD,
    F2P_CORRECTED,   ///< good after its header was corrected by the FHEC
    F2P_REPEATED,    ///< has the count of the frame before it: its packets are taken to be known
    F2P_BAD_FECF,    ///< dropped, as are all below
    F2P_BAD_FHEC,    ///< the header has more errors than can be corrected
    F2P_BAD_VERSION, ///< neither an AOS nor a TM frame
    F2P_FOREIGN,     ///< another spacecraft's, or a frame of the other kind (read by its own layout)
    F2P_NO_CHANNEL,  ///< the table of channels is full
    F2P_VERDICTS,
} f2p_verdict_t;

/// Why packets, or pieces of them, were dropped.
typedef enum {
    F2P_GAP,               ///< begun, then a frame was lost
    F2P_TRUNCATED,         ///< a tail whose beginning was never received
    F2P_BAD_POINTER,       ///< first header pointer and packet lengths contradict each other
    F2P_BAD_PACKET_HEADER, ///< no space packet where one had to begin; the rest of that frame is dropped
    F2P_REASONS,
} f2p_reason_t;

/// Invariants: held <= 65542 octets of a packet begun wait in this channel's row; held is 0 or the
/// first octet of the row has packet version 0. While orphan is set the tail that is being skipped has
/// been counted.
typedef struct {
    uint64_t held_frame; ///< number, since the start, of the frame in which the held packet began
    uint64_t frames, lost_frames, packets;
    uint32_t gaps;
    uint32_t restarts;    ///< gaps in which an AOS count went backwards: nothing is known of the loss
    uint32_t repeated;
    uint32_t replays;     ///< AOS frames with the replay flag
    uint32_t idle_frames; ///< frames of idle data only
    uint32_t idle_packets;
    uint32_t discarded[F2P_REASONS];
    uint32_t held;
    uint32_t next_count;
    uint16_t spacecraft_id;
    uint8_t virtual_channel;
    uint8_t counted; ///< next_count is known
    uint8_t orphan;
    uint8_t spare[3];
} f2p_channel_t;

typedef struct {
    telemetry_format_t format;
    uint64_t frames_seen;
    uint64_t without_packets;              ///< bit v: virtual channel v carries no packets
    uint64_t verdicts[F2P_VERDICTS];
    uint32_t channels, channels_most;
    uint8_t ours[F2P_SPACECRAFT_IDS / 8];  ///< bit set: this spacecraft's frames are taken
} f2p_t;

/// `ours`: 128 octets as in f2p_t; null: every spacecraft.
void f2p_start(f2p_t *self, const telemetry_format_t *format, const uint8_t *ours, uint64_t without_packets,
               uint32_t channels_most);

/// The caller's arrays. Room for f2p_most_octets() octets and a seventh as many packets suffices.
typedef struct {
    uint8_t *octets;     ///< the packets, one after the other
    uint64_t *offset;    ///< of each in `octets`
    uint32_t *length;
    uint16_t *apid;
    uint16_t *count;
    uint16_t *spacecraft_id;
    uint8_t *virtual_channel;
    int64_t *frame;      ///< in which it began, counted from this batch's first; negative: before it
    uint8_t *verdict;    ///< of each frame, f2p_verdict_t
    uint16_t *frame_spacecraft_id;
    uint8_t *frame_virtual_channel;
    uint32_t *frame_count;
} f2p_batch_t;

/// Octets that the packets of a batch can have at most.
uint64_t f2p_most_octets(const f2p_t *self, const f2p_channel_t *channels, size_t frames);

/// `frames` of format.length octets each.
/// @return packets found; *octets: those they fill in batch->octets.
size_t f2p_feed(f2p_t *self, f2p_channel_t *channels, uint8_t *partials, const uint8_t *frames, size_t many,
                const f2p_batch_t *batch, uint64_t *octets);

/// Corrects up to two wrong nibbles of an AOS header protected by its FHEC.
/// header: octets 0, 1, 5, 6, 7 of the frame; changed only if the result is a code word.
/// @return nibbles corrected, or -1.
int f2p_correct_header(uint8_t header[5]);
