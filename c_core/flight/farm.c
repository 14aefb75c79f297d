#include "flight/farm.h"

#include <string.h>

// What a cell of the table does, besides going to a state.
enum {
    NOTHING = 0,
    TAKE = 1 << 0,     ///< data go on
    OBEY = 1 << 1,     ///< a command was carried out
    ADVANCE = 1 << 2,  ///< V(R) + 1
    SET = 1 << 3,      ///< V(R) to the command's value
    COUNT_B = 1 << 4,  ///< FARM-B counter + 1
    R0 = 1 << 5,       ///< the flags of the report: Retransmit, Wait, Lockout
    R1 = 1 << 6,
    W0 = 1 << 7,
    W1 = 1 << 8,
    L0 = 1 << 9,
    L1 = 1 << 10,
};

typedef struct {
    uint16_t actions;
    uint8_t next;
} cell_t;

#define OPEN FARM_OPEN
#define WAIT FARM_WAIT
#define LOCK FARM_LOCKOUT

// 232.1-B-2 table 6-1. E1 while waiting cannot be: farm_frame lets E10 come first.
static const cell_t table[FARM_EVENTS][FARM_STATES] = {
    // event                   S1 open                          S2 wait                               S3 lockout
    [FARM_E1_IN_ORDER]       = {{TAKE | ADVANCE | R0, OPEN},     {NOTHING, WAIT},                      {NOTHING, LOCK}},
    [FARM_E2_NO_ROOM]        = {{R1 | W1, WAIT},                 {NOTHING, WAIT},                      {NOTHING, LOCK}},
    [FARM_E3_AHEAD]          = {{R1, OPEN},                      {NOTHING, WAIT},                      {NOTHING, LOCK}},
    [FARM_E4_BEHIND]         = {{NOTHING, OPEN},                 {NOTHING, WAIT},                      {NOTHING, LOCK}},
    [FARM_E5_OUTSIDE]        = {{L1, LOCK},                      {L1, LOCK},                           {NOTHING, LOCK}},
    [FARM_E6_EXPEDITED]      = {{TAKE | COUNT_B, OPEN},          {TAKE | COUNT_B, WAIT},               {TAKE | COUNT_B, LOCK}},
    [FARM_E7_UNLOCK]         = {{OBEY | COUNT_B | R0, OPEN},     {OBEY | COUNT_B | R0 | W0, OPEN},     {OBEY | COUNT_B | R0 | W0 | L0, OPEN}},
    [FARM_E8_SET_VR]         = {{OBEY | COUNT_B | R0 | SET, OPEN}, {OBEY | COUNT_B | R0 | W0 | SET, OPEN}, {COUNT_B, LOCK}},
    [FARM_E9_INVALID]        = {{NOTHING, OPEN},                 {NOTHING, WAIT},                      {NOTHING, LOCK}},
    [FARM_E10_BUFFER_RELEASE] = {{NOTHING, OPEN},                {W0, OPEN},                           {W0, LOCK}},
    [FARM_E11_REPORT]        = {{NOTHING, OPEN},                 {NOTHING, WAIT},                      {NOTHING, LOCK}},
};

static void set_flag(uint8_t *flag, unsigned clear, unsigned set) {
    *flag = (uint8_t)((*flag && !clear) || set);
}

static unsigned step(farm_t *self, farm_event_t event, uint8_t value) {
    const cell_t *const cell = &table[event][self->state];
    const unsigned actions = cell->actions;
    self->count[event]++;
    self->latest = (uint8_t)event;
    self->state = cell->next;
    if (actions & ADVANCE) {
        self->expected++;
    }
    if (actions & SET) {
        self->expected = value;
    }
    if (actions & COUNT_B) {
        self->expedited++;
    }
    set_flag(&self->retransmit, actions & R0, actions & R1);
    set_flag(&self->wait, actions & W0, actions & W1);
    set_flag(&self->lockout, actions & L0, actions & L1);
    return actions;
}

/// Where N(S) lies around V(R), all modulo 256 (6.1.8).
static farm_event_t place(const farm_t *self, uint8_t sequence, bool room) {
    const unsigned ahead = (uint8_t)(sequence - self->expected);
    const unsigned half = self->window / 2u;
    if (ahead == 0) {
        return room ? FARM_E1_IN_ORDER : FARM_E2_NO_ROOM;
    }
    if (ahead < half) {
        return FARM_E3_AHEAD;
    }
    return ahead >= 256 - half ? FARM_E4_BEHIND : FARM_E5_OUTSIDE;
}

static farm_event_t command(const uint8_t *data, size_t octets) {
    if (octets == FARM_UNLOCK_OCTETS && data[0] == FARM_UNLOCK) {
        return FARM_E7_UNLOCK;
    }
    if (octets == FARM_SET_VR_OCTETS && data[0] == FARM_SET_VR && data[1] == 0) {
        return FARM_E8_SET_VR;
    }
    return FARM_E9_INVALID;
}

bool farm_start(farm_t *self, unsigned channel, unsigned window, farm_state_t state) {
    if (channel > 63 || window < FARM_WINDOW_LEAST || window > FARM_WINDOW_MOST || window % 2 != 0 ||
        (state != FARM_OPEN && state != FARM_LOCKOUT)) {
        return false;
    }
    memset(self, 0, sizeof *self);
    self->state = (uint8_t)state;
    self->channel = (uint8_t)channel;
    self->window = (uint8_t)window;
    self->lockout = state == FARM_LOCKOUT;
    return true;
}

bool farm_valid(const farm_t *self) {
    return self->state < FARM_STATES && self->channel <= 63 && self->window >= FARM_WINDOW_LEAST &&
           self->window <= FARM_WINDOW_MOST && self->window % 2 == 0 && self->latest < FARM_EVENTS &&
           self->retransmit <= 1 && self->wait <= 1 && self->no_rf <= 1 && self->no_bit_lock <= 1 &&
           self->status <= 7 && self->lockout == (self->state == FARM_LOCKOUT) &&
           (self->state != FARM_OPEN || !self->wait) &&
           (self->state != FARM_WAIT || (self->wait && self->retransmit));
}

farm_verdict_t farm_frame(farm_t *self, const telecommand_frame_t *frame, const uint8_t *data, bool room) {
    if (frame->virtual_channel != self->channel) {
        self->other_channel++;
        return FARM_OTHER_CHANNEL;
    }
    farm_event_t event;
    uint8_t value = 0;
    if (!frame->bypass && !frame->control) {
        if (room && self->wait) {
            farm_buffer_released(self);
        }
        event = place(self, frame->sequence, room);
    } else if (!frame->control) {
        event = FARM_E6_EXPEDITED;
    } else {
        event = frame->bypass ? command(data, frame->data_octets) : FARM_E9_INVALID;
        value = event == FARM_E8_SET_VR ? data[2] : 0;
    }
    const unsigned actions = step(self, event, value);
    return actions & TAKE ? FARM_ACCEPT : actions & OBEY ? FARM_EXECUTED : FARM_DISCARD;
}

void farm_invalid(farm_t *self) {
    (void)step(self, FARM_E9_INVALID, 0);
}

void farm_buffer_released(farm_t *self) {
    const uint8_t latest = self->latest; // of frames only
    (void)step(self, FARM_E10_BUFFER_RELEASE, 0);
    self->latest = latest;
}

uint32_t farm_clcw(farm_t *self) {
    const uint8_t latest = self->latest;
    (void)step(self, FARM_E11_REPORT, 0);
    self->latest = latest;
    return (uint32_t)self->status << 26 | UINT32_C(1) << 24 /* COP-1 in effect */ | (uint32_t)self->channel << 18 |
           (uint32_t)self->no_rf << 15 | (uint32_t)self->no_bit_lock << 14 | (uint32_t)self->lockout << 13 |
           (uint32_t)self->wait << 12 | (uint32_t)self->retransmit << 11 | (self->expedited & 3u) << 9 |
           self->expected;
}
