#include "flight/camera_unit.h"

#include <string.h>

#include "flight/crc16.h"
#include "flight/divide.h"
#include "flight/file_units.h"
#include "flight/octets.h"
#include "flight/space_packet.h"

#define NS_PER_MS 1000000u
#define ENERGY_TICK_BITS 20 ///< 2^20 ns, about 1 ms: fine enough for joules, and a shift instead of a division.

enum {
    TELECOMMAND_AT_FUNCTION = SPACE_PACKET_HEADER_OCTETS,
    TELECOMMAND_AT_ARGUMENTS = 7,
    TELECOMMAND_OCTETS_MIN = TELECOMMAND_AT_ARGUMENTS + SPACE_PACKET_CRC_OCTETS,
    REPORT_AT_TIME = 6,
    REPORT_AT_KIND = 13,
    REPORT_AT_CODE = 14,
    REPORT_AT_ABOUT = 15,
    REPORT_AT_DETAIL = 16,
    REPORT_AT_CRC = 20,
};

_Static_assert((int)REPORT_AT_CRC + SPACE_PACKET_CRC_OCTETS == (int)CAMERA_REPORT_OCTETS, "the report ends with its CRC");
_Static_assert((int)CAMERA_HEALTH_AT_CRC + (int)SPACE_PACKET_CRC_OCTETS == (int)CAMERA_HEALTH_OCTETS,
               "the health packet ends with its CRC");
_Static_assert((int)CAMERA_HEALTH_AT_DISCARDED + 2 * (int)CAMERA_DISCARDS == (int)CAMERA_HEALTH_AT_REPORTS_LOST,
               "every reason to drop a telecommand has its counter in the health packet");
_Static_assert((int)CAMERA_PACKET_OCTETS_MIN <= (int)PICTURE_PART_HEADER_OCTETS + PICTURE_PART_CRC_OCTETS,
               "no picture part is shorter than the shortest packet");
_Static_assert((int)CAMERA_PACKET_OCTETS_MIN <= (int)CAMERA_REPORT_OCTETS, "no report is shorter either");
_Static_assert((int)FILE_DELIVERY_OPEN_MAX == (int)FRAME_BUFFER_SLOTS_MAX, "a transfer for each slot");
_Static_assert((int)PICTURE_FILE_MESSAGE_OCTETS <= (int)FILE_DELIVERY_TEXT_MAX &&
                   (int)PICTURE_FILE_NAME_OCTETS <= (int)FILE_DELIVERY_TEXT_MAX,
               "a picture's name and message go into its metadata");
_Static_assert((uint64_t)CAMERA_PERIOD_MAX_MS * NS_PER_MS <= UINT32_MAX, "a period in ns must fit 32 bits");

/* ---- parameters and state ------------------------------------------------------------------ */

static bool apids_valid(const camera_parameters_t *p) {
    const uint32_t apid[5] = {p->apid_picture, p->apid_health, p->apid_report, p->apid_telecommand, p->apid_units};
    const uint32_t used = p->delivery == CAMERA_FILES ? 5 : 4;
    for (uint32_t i = 0; i < used; i++) {
        if (apid[i] >= SPACE_PACKET_IDLE_APID) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (apid[i] == apid[j]) {
                return false;
            }
        }
    }
    return true;
}

static bool files_parameters_valid(const camera_parameters_t *p) {
    return file_delivery_parameters_valid(&p->files) && file_reception_parameters_valid(&p->uplink) &&
           p->uplink.entity == p->files.source && p->uplink.peer == p->files.destination &&
           p->uplink.crc == p->files.crc;
}

static bool parameters_valid(const camera_parameters_t *p) {
    return p->part_octets >= 1 && p->part_octets <= PICTURE_PART_SIZE_MAX && p->period_ms >= CAMERA_PERIOD_MIN_MS &&
           p->period_ms <= CAMERA_PERIOD_MAX_MS && p->boot_ms <= CAMERA_WAIT_MAX_MS &&
           p->first_frame_ms <= CAMERA_WAIT_MAX_MS && p->health_ms >= 1 && p->health_ms <= CAMERA_PERIOD_MAX_MS &&
           p->patience >= 1 && p->exposure_us <= p->period_ms * 1000 && camera_gain_valid(p->gain) && p->mode <= UINT8_MAX &&
           picture_mode_valid((uint8_t)p->mode) && camera_mode_fits(p->slot_octets, (uint8_t)p->mode) &&
           p->battery_limit_mv <= UINT16_MAX && p->battery_capacity_mj >= 1 &&
           p->power_idle_mw <= CAMERA_POWER_MAX_MW && p->power_imaging_mw <= CAMERA_POWER_MAX_MW && apids_valid(p) &&
           p->delivery <= CAMERA_FILES && (p->delivery == CAMERA_PARTS || files_parameters_valid(p));
}

/// Mode, exposure and period as the parameters have them.
static void set_defaults(camera_unit_t *self) {
    camera_settings_t *settings = &self->settings;
    settings->period_ms = self->parameters.period_ms;
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        settings->mode[i] = (uint8_t)self->parameters.mode;
        settings->exposure_us[i] = self->parameters.exposure_us;
        settings->gain[i] = (uint16_t)self->parameters.gain;
        (void)capture_set_period(&self->lens[i], settings->period_ms * NS_PER_MS);
    }
}

bool camera_unit_init(camera_unit_t *self, const camera_parameters_t *parameters, uint64_t now_ns) {
    memset(self, 0, sizeof *self);
    if (!parameters_valid(parameters) ||
        !frame_buffer_init(&self->frames, parameters->slots, parameters->slot_octets, parameters->policy)) {
        return false;
    }
    self->parameters = *parameters;
    // Without files its state stays as it is when forgotten: valid and unused.
    (void)file_delivery_init(&self->files, &parameters->files);
    file_delivery_clear(&self->files);
    (void)file_reception_init(&self->uplink, &parameters->uplink);
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        (void)capture_init(&self->lens[i], parameters->period_ms * NS_PER_MS, parameters->patience);
    }
    set_defaults(self);
    self->state = CAMERA_ASLEEP;
    self->now_ns = now_ns;
    self->energy_ns = now_ns;
    return true;
}

static bool sending_valid(const camera_unit_t *self) {
    const uint32_t i = frame_slot_of(self->sending);
    if (self->sending == 0) {
        return true;
    }
    if (i >= self->frames.slots || (self->frames.slot[i].generation << 8 | i) != self->sending) {
        return false;
    }
    return self->frames.slot[i].state == FRAME_SENDING && self->sent_octets < self->frames.slot[i].length &&
           self->sent_octets % self->parameters.part_octets == 0;
}

/// As files: a slot is being sent if and only if its transfer is open.
static bool files_valid(const camera_unit_t *self) {
    if (self->parameters.delivery == CAMERA_PARTS) {
        return true;
    }
    if (!file_delivery_valid(&self->files) || !file_reception_valid(&self->uplink) || self->sending != 0) {
        return false;
    }
    for (uint32_t i = 0; i < FRAME_BUFFER_SLOTS_MAX; i++) {
        const frame_slot_t *slot = &self->frames.slot[i];
        const file_transfer_t *transfer = &self->files.transfer[i];
        if ((slot->state == FRAME_SENDING) != (transfer->open != 0) ||
            (transfer->open && transfer->length != slot->length)) {
            return false;
        }
    }
    return true;
}

bool camera_unit_valid(const camera_unit_t *self) {
    const camera_parameters_t *p = &self->parameters;
    if (!parameters_valid(p) || !frame_buffer_valid(&self->frames) || self->frames.slots != p->slots ||
        self->frames.slot_octets != p->slot_octets || self->frames.policy != p->policy) {
        return false;
    }
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        if (!capture_valid(&self->lens[i]) || frame_slot_of(self->lens[i].exposing) >= FRAME_BUFFER_SLOTS_MAX ||
             !picture_mode_valid(self->settings.mode[i])) {
            return false;
        }
    }
    return self->state <= CAMERA_OFF && self->imaging <= 1 && self->health_wanted <= 1 &&
           self->settings.period_ms >= CAMERA_PERIOD_MIN_MS && self->settings.period_ms <= CAMERA_PERIOD_MAX_MS &&
           self->reports_first < CAMERA_REPORTS_MAX &&
           self->reports_waiting <= CAMERA_REPORTS_MAX && sending_valid(self) && files_valid(self);
}

static void count_up(uint32_t *counter, uint64_t more) {
    *counter = more > UINT32_MAX - *counter ? UINT32_MAX : *counter + (uint32_t)more;
}

/* ---- reports -------------------------------------------------------------------------------- */

static void report(camera_unit_t *self, uint64_t time_ns, uint32_t kind, uint32_t code, uint32_t about,
                   uint32_t detail) {
    if (self->reports_waiting == CAMERA_REPORTS_MAX) {
        count_up(&self->count.reports_lost, 1);
        return;
    }
    camera_report_entry_t *entry = &self->report[(self->reports_first + self->reports_waiting) % CAMERA_REPORTS_MAX];
    self->reports_waiting++;
    entry->time_ns = time_ns;
    entry->detail = detail;
    entry->kind = (uint8_t)kind;
    entry->code = (uint8_t)code;
    entry->about = (uint8_t)about;
}

static void report_picture(camera_unit_t *self, camera_event_t event, frame_handle_t handle) {
    const camera_picture_t *picture = &self->picture[frame_slot_of(handle)];
    report(self, self->now_ns, CAMERA_EVENT, event, picture->lens, picture->number);
}

/// A picture's file has ended, if it has: its slot is free.
static void settle(camera_unit_t *self, const file_outcome_t *outcome) {
    if (outcome->fate == FILE_GOES_ON) {
        return;
    }
    const frame_handle_t handle = self->frames.slot[outcome->transfer].generation << 8 | outcome->transfer;
    if (outcome->fate == FILE_DELIVERED) {
        count_up(&self->count.sent, 1);
    } else if (outcome->condition != FILE_CHECKSUM_FAILURE) {
        count_up(&self->count.undelivered, 1);
        report_picture(self, CAMERA_PICTURE_UNDELIVERED, handle);
    } else if (outcome->fate == FILE_REFUSED) { // changed after it was sent, and what was sent again is that
        self->frames.count.damaged++;
        report_picture(self, CAMERA_PICTURE_DAMAGED, handle);
    }
    (void)frame_buffer_release(&self->frames, handle);
}

/* ---- time, power, state --------------------------------------------------------------------- */

uint32_t camera_unit_power_mw(const camera_unit_t *self) {
    if (self->state != CAMERA_BOOTING && self->state != CAMERA_ON) {
        return 0;
    }
    return self->state == CAMERA_ON && self->imaging ? self->parameters.power_imaging_mw
                                                     : self->parameters.power_idle_mw;
}

uint32_t camera_unit_energy_mj(const camera_unit_t *self) {
    uint64_t unused = 0;
    // mW x 2^20 ns = 2^20 / 10^9 mJ = 2048 / 1953125 mJ
    const uint64_t energy_mj = divide_u64(self->energy_used << 11, 1953125, &unused);
    return energy_mj > UINT32_MAX ? UINT32_MAX : (uint32_t)energy_mj;
}

static uint16_t charge_permille(const camera_unit_t *self) {
    const uint32_t capacity_mj = self->parameters.battery_capacity_mj;
    const uint32_t used_mj = camera_unit_energy_mj(self);
    uint64_t unused = 0;
    return used_mj >= capacity_mj
               ? 0
               : (uint16_t)divide_u64((uint64_t)(capacity_mj - used_mj) * 1000, capacity_mj, &unused);
}

static void count_energy(camera_unit_t *self, uint64_t until_ns) {
    if (until_ns > self->energy_ns) {
        const uint64_t ticks = (until_ns - self->energy_ns) >> ENERGY_TICK_BITS;
        self->energy_used += ticks * camera_unit_power_mw(self);
        self->energy_ns += ticks << ENERGY_TICK_BITS;
    }
}

/// The beat at or after `at_ns`.
static uint64_t next_beat(uint64_t first_ns, uint32_t period_ns, uint64_t at_ns) {
    uint64_t since_ns = 0;
    if (at_ns <= first_ns) {
        return first_ns;
    }
    (void)divide_u64(at_ns - first_ns, period_ns, &since_ns);
    return since_ns == 0 ? at_ns : at_ns + (period_ns - since_ns);
}

/// Everything that happens by time alone, up to now_ns. Every entry point begins here.
static void advance(camera_unit_t *self, uint64_t now_ns) {
    if (now_ns > self->now_ns) {
        self->now_ns = now_ns;
    }
    if (self->state == CAMERA_BOOTING && self->now_ns >= self->boot_end_ns) {
        count_energy(self, self->boot_end_ns);
        self->state = CAMERA_ON;
        self->health_due_ns = self->boot_end_ns;
        report(self, self->boot_end_ns, CAMERA_EVENT, CAMERA_BOOTED, 0, self->restarts);
    }
    count_energy(self, self->now_ns);
    if (self->state == CAMERA_ON && self->now_ns >= self->health_due_ns) {
        self->health_wanted = 1;
        self->health_due_ns =
            next_beat(self->health_due_ns, self->parameters.health_ms * (uint32_t)NS_PER_MS, self->now_ns + 1);
    }
    file_reception_poll(&self->uplink, self->now_ns);
    file_outcome_t outcome;
    do {
        file_delivery_poll(&self->files, self->now_ns, &outcome);
        settle(self, &outcome);
    } while (outcome.fate != FILE_GOES_ON);
}

/// What is lost with the power: pictures, reports, exposures under way.
static void lose_memory(camera_unit_t *self) {
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        (void)capture_failed(&self->lens[i], self->lens[i].exposing);
    }
    frame_buffer_clear(&self->frames);
    file_delivery_clear(&self->files);
    file_reception_clear(&self->uplink);
    count_up(&self->count.reports_lost, self->reports_waiting);
    self->reports_first = 0;
    self->reports_waiting = 0;
    self->sending = 0;
    self->sent_octets = 0;
    self->health_wanted = 0;
}

static void begin_boot(camera_unit_t *self) {
    self->state = CAMERA_BOOTING;
    self->boot_end_ns = self->now_ns + (uint64_t)self->parameters.boot_ms * NS_PER_MS;
    self->imaging = 1;
}

static void start_beats(camera_unit_t *self, uint64_t first_ns) {
    self->imaging = 1;
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        capture_start(&self->lens[i], first_ns);
    }
}

static void stop_beats(camera_unit_t *self) {
    self->imaging = 0;
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        capture_stop(&self->lens[i]);
    }
}

void camera_unit_separation(camera_unit_t *self, uint64_t now_ns) {
    advance(self, now_ns);
    if (self->state != CAMERA_ASLEEP) {
        return;
    }
    self->energy_ns = self->now_ns;
    begin_boot(self);
    self->first_beat_ns = self->now_ns + (uint64_t)self->parameters.first_frame_ms * NS_PER_MS;
    start_beats(self, self->first_beat_ns);
}

void camera_unit_restart(camera_unit_t *self, uint64_t now_ns) {
    advance(self, now_ns);
    if (self->state != CAMERA_BOOTING && self->state != CAMERA_ON) {
        return;
    }
    lose_memory(self);
    if (self->restarts < UINT8_MAX) {
        self->restarts++;
    }
    set_defaults(self);
    begin_boot(self);
    start_beats(self, next_beat(self->first_beat_ns, self->settings.period_ms * NS_PER_MS, self->boot_end_ns));
}

void camera_unit_set_inputs(camera_unit_t *self, uint64_t now_ns, uint32_t battery_mv,
                            const int16_t temperature_centidegc[CAMERA_TEMPERATURES]) {
    advance(self, now_ns);
    self->battery_mv = battery_mv > UINT16_MAX ? UINT16_MAX : (uint16_t)battery_mv;
    for (uint32_t i = 0; i < CAMERA_TEMPERATURES; i++) {
        self->temperature[i] = temperature_centidegc[i];
    }
    if ((self->state == CAMERA_BOOTING || self->state == CAMERA_ON) &&
        self->battery_mv < self->parameters.battery_limit_mv) {
        lose_memory(self);
        stop_beats(self);
        self->state = CAMERA_OFF;
    }
}

/* ---- exposures ------------------------------------------------------------------------------ */

static void describe(camera_unit_t *self, uint32_t lens, frame_handle_t handle, camera_expose_t *out) {
    camera_picture_t *picture = &self->picture[frame_slot_of(handle)];
    picture->start_ns = self->now_ns;
    picture->number = ++self->begun;
    picture->exposure_us = self->settings.exposure_us[lens];
    picture->gain = self->settings.gain[lens];
    picture->lens = (uint8_t)lens;
    picture->mode = self->settings.mode[lens];
    memset(out, 0, sizeof *out);
    out->start_ns = picture->start_ns;
    out->slot_offset = frame_slot_offset(&self->frames, handle);
    out->handle = handle;
    out->number = picture->number;
    out->exposure_us = picture->exposure_us;
    out->gain = picture->gain;
    out->width = picture_mode_width(picture->mode);
    out->height = picture_mode_height(picture->mode);
    out->lens = picture->lens;
    out->encoding = picture->mode & 0xFu;
}

uint32_t camera_unit_poll(camera_unit_t *self, uint64_t now_ns, camera_expose_t out[CAMERA_LENSES]) {
    uint32_t exposures = 0;
    advance(self, now_ns);
    if (self->state != CAMERA_ON) {
        return 0;
    }
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        capture_exposure_t exposure;
        const capture_action_t action = capture_poll(&self->lens[i], &self->frames, self->now_ns, &exposure);
        if (exposure.failed != 0) {
            report_picture(self, CAMERA_EXPOSURE_ANSWERLESS, exposure.failed);
        }
        if (exposure.dropped != 0) {
            report_picture(self, CAMERA_PICTURE_DROPPED, exposure.dropped);
        }
        if (action == CAPTURE_EXPOSE) {
            describe(self, i, exposure.handle, &out[exposures++]);
        }
    }
    return exposures;
}

uint64_t camera_unit_next_ns(const camera_unit_t *self) {
    if (self->state == CAMERA_BOOTING) {
        return self->boot_end_ns;
    }
    if (self->state != CAMERA_ON) {
        return CAPTURE_NEVER;
    }
    const uint64_t timer_ns[2] = {file_delivery_next_ns(&self->files), file_reception_next_ns(&self->uplink)};
    uint64_t next_ns = self->health_due_ns;
    for (uint32_t i = 0; i < 2; i++) {
        next_ns = timer_ns[i] < next_ns ? timer_ns[i] : next_ns;
    }
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        next_ns = self->lens[i].due_ns < next_ns ? self->lens[i].due_ns : next_ns;
    }
    return next_ns;
}

frame_result_t camera_unit_chose(camera_unit_t *self, frame_handle_t handle, uint32_t exposure_us, uint16_t gain) {
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        if (handle != 0 && self->lens[i].exposing == handle) {
            self->picture[frame_slot_of(handle)].exposure_us = exposure_us;
            self->picture[frame_slot_of(handle)].gain = gain;
            return FRAME_OK;
        }
    }
    return FRAME_STALE;
}

static void exposed(camera_unit_t *self, frame_handle_t handle) {
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        (void)capture_exposed(&self->lens[i], handle);
    }
}

frame_result_t camera_unit_commit(camera_unit_t *self, const uint8_t *memory, uint64_t now_ns, frame_handle_t handle,
                                  uint32_t length) {
    advance(self, now_ns);
    const frame_result_t result = frame_buffer_commit(&self->frames, memory, handle, length);
    if (result == FRAME_OK) {
        exposed(self, handle);
    }
    return result;
}

frame_result_t camera_unit_store(camera_unit_t *self, uint8_t *memory, uint64_t now_ns, frame_handle_t handle,
                                 const uint8_t *octets, uint32_t length) {
    advance(self, now_ns);
    const frame_result_t result = frame_buffer_store(&self->frames, memory, handle, octets, length);
    if (result == FRAME_OK) {
        exposed(self, handle);
    }
    return result;
}

frame_result_t camera_unit_fail(camera_unit_t *self, uint64_t now_ns, frame_handle_t handle) {
    advance(self, now_ns);
    const frame_result_t result = frame_buffer_fail(&self->frames, handle);
    if (result == FRAME_OK) {
        for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
            (void)capture_failed(&self->lens[i], handle);
        }
        report_picture(self, CAMERA_EXPOSURE_FAILED, handle);
    }
    return result;
}

/* ---- telecommands --------------------------------------------------------------------------- */

/// The beats follow a new period.
static void follow_period(camera_unit_t *self, uint32_t before_ms) {
    // The new grid begins with the next beat of the old one, so that a later start finds it again.
    self->first_beat_ns = next_beat(self->first_beat_ns, before_ms * NS_PER_MS, self->now_ns);
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        (void)capture_set_period(&self->lens[i], self->settings.period_ms * NS_PER_MS);
        if (self->imaging) {
            capture_start(&self->lens[i], self->first_beat_ns);
        }
    }
}

static uint32_t set_period(camera_unit_t *self, const uint8_t *arguments) {
    const uint32_t before_ms = self->settings.period_ms;
    const uint32_t refusal = camera_settings_set_period(&self->settings, octets_load_u16(arguments));
    if (refusal == 0) {
        follow_period(self, before_ms);
    }
    return refusal;
}

/// A whole file has come: its settings, or why they are refused.
static uint32_t take_settings(camera_unit_t *self) {
    const uint32_t before_ms = self->settings.period_ms;
    const uint32_t refusal =
        camera_settings_read(&self->settings, self->parameters.slot_octets, self->uplink.octets, self->uplink.size);
    if (refusal == 0 && self->settings.period_ms != before_ms) {
        follow_period(self, before_ms);
    }
    return refusal;
}

/// 0, or why the telecommand is refused.
static uint32_t perform(camera_unit_t *self, uint32_t function, const uint8_t *arguments, size_t octets) {
    static const uint8_t octets_of[] = {
        [CAMERA_START] = 0,        [CAMERA_STOP] = 0,       [CAMERA_SET_MODE] = 6,
        [CAMERA_SET_EXPOSURE] = 7, [CAMERA_SET_PERIOD] = 2, [CAMERA_REPORT_HEALTH] = 0,
    };
    if (function < CAMERA_START || function > CAMERA_REPORT_HEALTH) {
        return CAMERA_REFUSED_FUNCTION;
    }
    if (octets != octets_of[function]) {
        return CAMERA_REFUSED_LENGTH;
    }
    switch (function) {
    case CAMERA_START:
        if (!self->imaging) {
            start_beats(self, next_beat(self->first_beat_ns, self->settings.period_ms * NS_PER_MS, self->now_ns));
        }
        return 0;
    case CAMERA_STOP: stop_beats(self); return 0;
    case CAMERA_SET_MODE:
        return camera_settings_set_mode(&self->settings, self->parameters.slot_octets, arguments[5],
                                        octets_load_u16(arguments), octets_load_u16(arguments + 2), arguments[4]);
    case CAMERA_SET_EXPOSURE:
        return camera_settings_set_exposure(&self->settings, arguments[6], octets_load_u32(arguments),
                                            octets_load_u16(arguments + 4));
    case CAMERA_SET_PERIOD: return set_period(self, arguments);
    default: self->health_wanted = 1; return 0;
    }
}

/// Whether a packet for this unit carries a data unit of CFDP.
static bool holds_unit(const camera_unit_t *self, const uint8_t *octets) {
    return self->parameters.delivery == CAMERA_FILES &&
           space_packet_load_header(octets).apid == self->parameters.apid_units;
}

/// CAMERA_DISCARDS if this is a telecommand for this unit or a data unit's packet, or why it is not.
static camera_discard_t why_discarded(const camera_unit_t *self, const uint8_t *octets, size_t length) {
    if (self->state != CAMERA_ON) {
        return CAMERA_DISCARD_RADIO_OFF;
    }
    if (length < TELECOMMAND_OCTETS_MIN) {
        return CAMERA_DISCARD_LENGTH;
    }
    const space_packet_header_t header = space_packet_load_header(octets);
    const bool unit = holds_unit(self, octets);
    if (header.octets != length) {
        return CAMERA_DISCARD_LENGTH;
    }
    if (!unit && crc16(CRC16_PRESET, octets, length) != 0) {
        return CAMERA_DISCARD_CRC;
    }
    if (header.version != 0 || header.telecommand != 1 || header.secondary_header != 0 ||
        header.flags != SPACE_PACKET_UNSEGMENTED) {
        return CAMERA_DISCARD_HEADER;
    }
    return unit || header.apid == self->parameters.apid_telecommand ? CAMERA_DISCARDS : CAMERA_DISCARD_APID;
}

static void answered(camera_unit_t *self, uint32_t refusal, uint32_t function, uint32_t request) {
    count_up(refusal == 0 ? &self->count.accepted : &self->count.refused, 1);
    report(self, self->now_ns, refusal == 0 ? CAMERA_ACCEPTED : CAMERA_REFUSED, refusal, function, request);
}

/// A data unit of a file of ours or of one to us; CAMERA_DISCARDS if it was sound.
static camera_discard_t receive_unit(camera_unit_t *self, const uint8_t *octets, size_t length) {
    file_unit_t what = FILE_UNIT_LENGTH;
    if ((octets[0] & FILE_UNIT_TOWARD_SENDER) != 0) {
        file_outcome_t outcome;
        what = file_delivery_receive(&self->files, self->now_ns, octets, length, &outcome);
        settle(self, &outcome);
    } else {
        what = file_reception_receive(&self->uplink, self->now_ns, octets, length);
    }
    if (self->uplink.state == FILE_CAME) {
        const uint32_t refusal = take_settings(self);
        answered(self, refusal, CAMERA_SETTINGS_FILE, self->uplink.sequence);
        file_reception_conclude(&self->uplink, refusal == 0);
    }
    switch (what) {
    case FILE_UNIT_LENGTH: return CAMERA_DISCARD_LENGTH;
    case FILE_UNIT_CRC: return CAMERA_DISCARD_CRC;
    case FILE_UNIT_HEADER:
    case FILE_UNIT_ENTITY:
    case FILE_UNIT_DIRECTIVE: return CAMERA_DISCARD_HEADER;
    default: return CAMERA_DISCARDS; // of one that has ended, too: it comes late
    }
}

bool camera_unit_receive(camera_unit_t *self, uint64_t now_ns, const uint8_t *octets, size_t length) {
    advance(self, now_ns);
    camera_discard_t why = why_discarded(self, octets, length);
    const bool unit = why == CAMERA_DISCARDS && holds_unit(self, octets);
    if (unit) {
        why = receive_unit(self, octets + SPACE_PACKET_HEADER_OCTETS, length - SPACE_PACKET_HEADER_OCTETS);
    }
    if (why != CAMERA_DISCARDS) {
        count_up(&self->count.discarded[why], 1);
        return false;
    }
    if (unit) {
        return true;
    }
    const uint8_t function = octets[TELECOMMAND_AT_FUNCTION];
    const uint32_t refusal =
        perform(self, function, octets + TELECOMMAND_AT_ARGUMENTS, length - TELECOMMAND_OCTETS_MIN);
    answered(self, refusal, function, octets_load_u32(octets));
    return true;
}

/* ---- what goes to the link ------------------------------------------------------------------ */

static uint16_t next_count(uint16_t *sequence) {
    const uint16_t count = *sequence;
    *sequence = (uint16_t)((count + 1u) % SPACE_PACKET_COUNTS);
    return count;
}

static void store_header(uint8_t *out, uint32_t apid, uint16_t count, uint32_t octets) {
    const space_packet_header_t header = {
        .octets = octets, .apid = (uint16_t)apid, .count = count, .flags = SPACE_PACKET_UNSEGMENTED};
    space_packet_store_header(out, &header);
}

static uint32_t write_report(camera_unit_t *self, uint8_t out[CAMERA_REPORT_OCTETS]) {
    const camera_report_entry_t *entry = &self->report[self->reports_first];
    store_header(out, self->parameters.apid_report, next_count(&self->sequence_report), CAMERA_REPORT_OCTETS);
    cuc_4_3_write(out + REPORT_AT_TIME, entry->time_ns);
    out[REPORT_AT_KIND] = entry->kind;
    out[REPORT_AT_CODE] = entry->code;
    out[REPORT_AT_ABOUT] = entry->about;
    octets_store_u32(out + REPORT_AT_DETAIL, entry->detail);
    octets_store_u16(out + REPORT_AT_CRC, crc16(CRC16_PRESET, out, REPORT_AT_CRC));
    self->reports_first = (self->reports_first + 1) % CAMERA_REPORTS_MAX;
    self->reports_waiting--;
    return CAMERA_REPORT_OCTETS;
}

static uint16_t up_to_u16(uint32_t value) {
    return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static uint32_t write_health(camera_unit_t *self, uint8_t out[CAMERA_HEALTH_OCTETS]) {
    store_header(out, self->parameters.apid_health, next_count(&self->sequence_health), CAMERA_HEALTH_OCTETS);
    cuc_4_3_write(out + CAMERA_HEALTH_AT_TIME, self->now_ns);
    out[CAMERA_HEALTH_AT_STATE] = (uint8_t)self->state;
    out[CAMERA_HEALTH_AT_IMAGING] = (uint8_t)self->imaging;
    out[CAMERA_HEALTH_AT_RESTARTS] = self->restarts;
    out[CAMERA_HEALTH_AT_WAITING] = (uint8_t)self->reports_waiting;
    out[CAMERA_HEALTH_AT_SPARE] = 0;
    octets_store_u16(out + CAMERA_HEALTH_AT_BATTERY, self->battery_mv);
    octets_store_u16(out + CAMERA_HEALTH_AT_CHARGE, charge_permille(self));
    octets_store_u32(out + CAMERA_HEALTH_AT_ENERGY, camera_unit_energy_mj(self));
    for (uint32_t i = 0; i < CAMERA_TEMPERATURES; i++) {
        octets_store_u16(out + CAMERA_HEALTH_AT_TEMPERATURE + 2 * i, (uint16_t)self->temperature[i]);
    }
    octets_store_u16(out + CAMERA_HEALTH_AT_PERIOD, self->settings.period_ms);
    octets_store_u32(out + CAMERA_HEALTH_AT_BEGUN, self->begun);
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        out[CAMERA_HEALTH_AT_MODE + i] = self->settings.mode[i];
        octets_store_u32(out + CAMERA_HEALTH_AT_EXPOSURE + 4 * i, self->settings.exposure_us[i]);
        octets_store_u16(out + CAMERA_HEALTH_AT_GAIN + 2 * i, self->settings.gain[i]);
        octets_store_u32(out + CAMERA_HEALTH_AT_TAKEN + 4 * i, self->lens[i].count.taken);
        octets_store_u32(out + CAMERA_HEALTH_AT_MISSED + 4 * i, self->lens[i].count.missed);
        octets_store_u16(out + CAMERA_HEALTH_AT_FAILED + 2 * i, up_to_u16(self->lens[i].count.failed));
    }
    octets_store_u32(out + CAMERA_HEALTH_AT_SENT, self->count.sent);
    octets_store_u32(out + CAMERA_HEALTH_AT_DROPPED, self->frames.count.dropped);
    octets_store_u16(out + CAMERA_HEALTH_AT_DAMAGED, up_to_u16(self->frames.count.damaged));
    for (uint32_t state = FRAME_FREE; state <= FRAME_SENDING; state++) {
        out[CAMERA_HEALTH_AT_SLOTS + state] = (uint8_t)frame_buffer_in(&self->frames, (frame_state_t)state);
    }
    octets_store_u32(out + CAMERA_HEALTH_AT_OFFERED, self->offered_octets);
    octets_store_u32(out + CAMERA_HEALTH_AT_OCTETS_SENT, self->link_octets);
    octets_store_u16(out + CAMERA_HEALTH_AT_ACCEPTED, up_to_u16(self->count.accepted));
    octets_store_u16(out + CAMERA_HEALTH_AT_REFUSED, up_to_u16(self->count.refused));
    for (uint32_t i = 0; i < CAMERA_DISCARDS; i++) {
        octets_store_u16(out + CAMERA_HEALTH_AT_DISCARDED + 2 * i, up_to_u16(self->count.discarded[i]));
    }
    octets_store_u16(out + CAMERA_HEALTH_AT_REPORTS_LOST, up_to_u16(self->count.reports_lost));
    octets_store_u16(out + CAMERA_HEALTH_AT_CRC, crc16(CRC16_PRESET, out, CAMERA_HEALTH_AT_CRC));
    self->health_wanted = 0;
    self->offered_octets = 0;
    self->link_octets = 0;
    return CAMERA_HEALTH_OCTETS;
}

/// The next whole picture into SENDING; 0 if there is none. Damaged ones met on the way are reported.
static frame_handle_t begin_picture(camera_unit_t *self, const uint8_t *memory) {
    frame_handle_t handle = 0;
    frame_result_t result = frame_buffer_take(&self->frames, memory, &handle);
    while (result == FRAME_DAMAGED) {
        report_picture(self, CAMERA_PICTURE_DAMAGED, handle);
        result = frame_buffer_take(&self->frames, memory, &handle);
    }
    self->sent_octets = 0;
    self->sending_crc = CRC16_PRESET;
    return result == FRAME_OK ? handle : 0;
}

/// What there is to say of the picture in a slot.
static picture_part_t described(const camera_unit_t *self, uint32_t slot) {
    const camera_picture_t *picture = &self->picture[slot];
    const picture_part_t part = {
        .start_ns = picture->start_ns,
        .number = picture->number,
        .total = self->frames.slot[slot].length,
        .exposure_us = picture->exposure_us,
        .gain = picture->gain,
        .width = picture_mode_width(picture->mode),
        .height = picture_mode_height(picture->mode),
        .picture_crc = self->frames.slot[slot].crc,
        .lens = picture->lens,
        .mode = picture->mode,
    };
    return part;
}

static void end_picture(camera_unit_t *self) {
    const frame_slot_t *slot = &self->frames.slot[frame_slot_of(self->sending)];
    // An upset between two parts: the receiver's check fails as well, here it is told why.
    if (self->sending_crc != slot->crc) {
        self->frames.count.damaged++;
        report_picture(self, CAMERA_PICTURE_DAMAGED, self->sending);
    } else {
        count_up(&self->count.sent, 1);
    }
    (void)frame_buffer_release(&self->frames, self->sending);
    self->sending = 0;
    self->sent_octets = 0;
}

/// The next part of the picture being sent; 0 if it is longer than `room`.
static uint32_t write_part(camera_unit_t *self, const uint8_t *memory, uint8_t *out, size_t room) {
    const frame_slot_t *slot = &self->frames.slot[frame_slot_of(self->sending)];
    const uint8_t *data = memory + frame_slot_offset(&self->frames, self->sending) + self->sent_octets;
    const uint32_t rest = slot->length - self->sent_octets;
    picture_part_t part = described(self, frame_slot_of(self->sending));
    part.offset = self->sent_octets;
    part.size = self->parameters.part_octets;
    part.data_octets = rest < part.size ? rest : part.size;
    if (picture_part_packet_octets(part.offset, part.data_octets) > room) {
        return 0;
    }
    const uint32_t octets =
        picture_part_write(out, self->parameters.apid_picture, next_count(&self->sequence_picture), &part, data);
    self->sending_crc = crc16(self->sending_crc, data, part.data_octets);
    self->sent_octets += part.data_octets;
    if (self->sent_octets == slot->length) {
        end_picture(self);
    }
    return octets;
}

/// A picture into a transfer of its own, when none is on its way for the first time. false if there is none.
static bool begin_file(camera_unit_t *self, const uint8_t *memory) {
    const frame_handle_t handle = begin_picture(self, memory);
    if (handle == 0) {
        return false;
    }
    const uint32_t slot = frame_slot_of(handle);
    const file_delivery_file_t file = {
        .octets = memory + frame_slot_offset(&self->frames, handle),
        .length = self->frames.slot[slot].length,
    };
    file_delivery_begin(&self->files, slot, picture_file_sequence(self->picture[slot].number, self->picture[slot].lens),
                        &file);
    return true;
}

/// The next data unit of the picture in a slot; 0 if it is longer than `room`.
static uint32_t write_file(camera_unit_t *self, uint32_t slot, const uint8_t *memory, uint8_t *out, size_t room) {
    uint8_t name[PICTURE_FILE_NAME_OCTETS];
    uint8_t message[PICTURE_FILE_MESSAGE_OCTETS];
    const picture_part_t part = described(self, slot);
    const uint8_t *octets = memory + (size_t)slot * self->frames.slot_octets;
    const file_transfer_t *transfer = &self->files.transfer[slot];
    const file_delivery_file_t file = {
        .octets = octets,
        .name = name,
        .message = message,
        .length = part.total,
        .name_octets = sizeof name,
        .message_octets = sizeof message,
    };
    const uint32_t before = transfer->offset;
    file_outcome_t outcome;
    if (transfer->metadata_due) { // else nobody looks at them
        picture_file_name(name, part.number, part.mode);
        picture_file_message(message, &part);
    }
    const uint32_t written = file_delivery_write(&self->files, slot, &file, self->now_ns, out, room, &outcome);
    if (outcome.fate == FILE_GOES_ON && transfer->offset != before) {
        self->sending_crc = crc16(self->sending_crc, octets + before, transfer->offset - before);
        // An upset on the way: the orbiter's checksum would fail as well, here it is told why.
        if (transfer->offset == transfer->length && self->sending_crc != part.picture_crc) {
            self->frames.count.damaged++;
            report(self, self->now_ns, CAMERA_EVENT, CAMERA_PICTURE_DAMAGED, part.lens, part.number);
            file_delivery_cancel(&self->files, slot, FILE_CHECKSUM_FAILURE);
        }
    }
    settle(self, &outcome);
    return written;
}

/// The next data unit in its packet; 0 if none waits or it is longer than `room`.
static uint32_t write_unit(camera_unit_t *self, const uint8_t *memory, uint8_t *out, size_t room) {
    uint8_t *unit = out + SPACE_PACKET_HEADER_OCTETS;
    uint32_t octets = 0;
    room -= SPACE_PACKET_HEADER_OCTETS;
    if (file_reception_has_output(&self->uplink)) {
        octets = file_reception_write(&self->uplink, self->now_ns, unit, room);
    } else if (file_delivery_answers(&self->files)) {
        octets = file_delivery_answer(&self->files, unit, room);
    } else {
        if (!file_delivery_under_way(&self->files)) {
            (void)begin_file(self, memory);
        }
        const uint32_t slot = file_delivery_next(&self->files);
        if (slot != FILE_DELIVERY_NOBODY) {
            octets = write_file(self, slot, memory, unit, room);
        }
    }
    if (octets == 0) {
        return 0;
    }
    octets += SPACE_PACKET_HEADER_OCTETS;
    store_header(out, self->parameters.apid_picture, next_count(&self->sequence_picture), octets);
    return octets;
}

/// The next packet; 0 if nothing waits or it is longer than `room`.
static uint32_t write_next(camera_unit_t *self, const uint8_t *memory, uint8_t *out, size_t room) {
    // Without room for a report nothing may change, or what is sent would depend on the size of `lengths`.
    if (room < CAMERA_REPORT_OCTETS) {
        return 0;
    }
    const bool files = self->parameters.delivery == CAMERA_FILES;
    if (!files && self->sending == 0 && self->reports_waiting == 0 && !self->health_wanted) {
        self->sending = begin_picture(self, memory);
    }
    if (self->reports_waiting != 0) {
        return write_report(self, out);
    }
    if (self->health_wanted) {
        return room < CAMERA_HEALTH_OCTETS ? 0 : write_health(self, out);
    }
    if (files) {
        return write_unit(self, memory, out, room);
    }
    return self->sending == 0 ? 0 : write_part(self, memory, out, room);
}

bool camera_unit_waiting(const camera_unit_t *self) {
    return self->state == CAMERA_ON && (self->reports_waiting != 0 || self->health_wanted || self->sending != 0 ||
                                        frame_buffer_in(&self->frames, FRAME_READY) != 0 ||
                                        file_delivery_answers(&self->files) ||
                                        file_reception_has_output(&self->uplink) ||
                                        file_delivery_next(&self->files) != FILE_DELIVERY_NOBODY);
}

size_t camera_unit_transmit(camera_unit_t *self, const uint8_t *memory, uint64_t now_ns, size_t budget_octets,
                            uint8_t *out, size_t capacity, uint32_t *lengths, size_t lengths_capacity,
                            size_t *octets_written) {
    size_t packets = 0;
    size_t at = 0;
    const size_t limit = budget_octets < capacity ? budget_octets : capacity;
    *octets_written = 0;
    advance(self, now_ns);
    if (self->state != CAMERA_ON || budget_octets == 0) {
        return 0;
    }
    count_up(&self->offered_octets, budget_octets);
    while (packets < lengths_capacity) {
        const uint32_t octets = write_next(self, memory, out + at, limit - at);
        if (octets == 0) {
            break;
        }
        count_up(&self->link_octets, octets);
        lengths[packets++] = octets;
        at += octets;
    }
    *octets_written = at;
    return packets;
}
