/// farm.h - FARM-1, the receiving end of COP-1: which telecommand frames go on, and what the ground is told.
///
/// One farm_t guards one virtual channel. Frames that passed telecommand_decode_frame come in, in the order
/// of their arrival; the answer says whether the frame goes on. farm_clcw gives the word for the operational
/// control field of telemetry. Standard: 232.1-B-2 section 6; table 6-1 is the table in farm.c.
///
/// What it promises, if the sender keeps its window K <= W/2 and numbers frames in order: type-A data go on
/// in order, each once, whatever the link loses, repeats or delays by less than 256 - W frames. A number
/// outside the window locks type-A service out until the ground sends Unlock. Type-B data go on as they come.
///
/// Cost: a few comparisons for a frame. Never fails. The state is flat and owned by the caller; copying it is
/// a snapshot. It must survive a reset of the processor, or the ground starts again with Unlock and Set V(R):
/// start in FARM_LOCKOUT, as real spacecraft do.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "flight/telecommand.h"

enum {
    FARM_WINDOW_LEAST = 2,
    FARM_WINDOW_MOST = 254,

    // Type-BC frame data, 232.0-B-4 4.1.3.3.
    FARM_UNLOCK = 0x00,          ///< The one octet of Unlock.
    FARM_SET_VR = 0x82,          ///< First of the three octets of Set V(R); then 00, then the value.
    FARM_UNLOCK_OCTETS = 1,
    FARM_SET_VR_OCTETS = 3,
};

typedef enum {
    FARM_OPEN,    ///< S1
    FARM_WAIT,    ///< S2: no room for type-A data
    FARM_LOCKOUT, ///< S3: a type-A number outside the window was seen
    FARM_STATES,
} farm_state_t;

/// Events of table 6-1 in the standard's order; E1 is 0.
typedef enum {
    FARM_E1_IN_ORDER,
    FARM_E2_NO_ROOM,
    FARM_E3_AHEAD,   ///< positive window: frames between were lost
    FARM_E4_BEHIND,  ///< negative window: seen before
    FARM_E5_OUTSIDE, ///< lockout area
    FARM_E6_EXPEDITED,
    FARM_E7_UNLOCK,
    FARM_E8_SET_VR,
    FARM_E9_INVALID,
    FARM_E10_BUFFER_RELEASE,
    FARM_E11_REPORT,
    FARM_EVENTS,
} farm_event_t;

/// The answer to a frame.
typedef enum {
    FARM_DISCARD,
    FARM_ACCEPT,        ///< data go on to the higher layers
    FARM_EXECUTED,      ///< a command to FARM-1 itself was obeyed; nothing goes on
    FARM_OTHER_CHANNEL, ///< not for this virtual channel; nothing was looked at
} farm_verdict_t;

/// Invariants: retransmit, wait, lockout, no_rf and no_bit_lock are 0 or 1; lockout is 1 in FARM_LOCKOUT and
/// only there; in FARM_OPEN wait is 0, in FARM_WAIT wait and retransmit are 1.
typedef struct {
    uint8_t state;       ///< farm_state_t
    uint8_t channel;     ///< virtual channel, 0 to 63
    uint8_t window;      ///< W, even, 2 to 254; the positive and the negative half are W/2 each
    uint8_t expected;    ///< V(R)
    uint8_t expedited;   ///< FARM-B counter; the report shows its two low bits
    uint8_t retransmit;
    uint8_t wait;
    uint8_t lockout;
    uint8_t no_rf;       ///< Set by the host from its receiver: no carrier.
    uint8_t no_bit_lock; ///< Likewise: carrier but no bits.
    uint8_t status;      ///< Three bits that the mission may use.
    uint8_t latest;      ///< farm_event_t of the latest frame, for those who ask why.
    uint32_t count[FARM_EVENTS]; ///< how often each event came
    uint32_t other_channel;
} farm_t;

/// @return false, with nothing promised of `self`, if the window is odd or out of range, the channel is above
/// 63, or `state` is neither FARM_OPEN nor FARM_LOCKOUT (one cannot start with a frame waiting).
bool farm_start(farm_t *self, unsigned channel, unsigned window, farm_state_t state);

/// Whether a state that came from outside (a snapshot, a protected memory) keeps the invariants.
bool farm_valid(const farm_t *self);

/// E1 to E9. `data`: frame->data_octets octets, read for type-BC frames only. `room`: whether the higher layers
/// can take this frame's data now; it matters for type-A data alone, for expedited data goes on always (6.3.1).
/// A type-A frame that comes with room while waiting is also the news that room was made (E10 first).
farm_verdict_t farm_frame(farm_t *self, const telecommand_frame_t *frame, const uint8_t *data, bool room);

/// E9: something came that is no valid frame. Counted; changes nothing else.
void farm_invalid(farm_t *self);

/// E10: the higher layers have room again.
void farm_buffer_released(farm_t *self);

/// E11: the communications link control word now, 232.0-B-4 4.2; store it big-endian.
uint32_t farm_clcw(farm_t *self);
