#include "flight/camera_unit_internal.h"

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
};

_Static_assert((int)FILE_DELIVERY_OPEN_MAX == (int)FRAME_BUFFER_SLOTS_MAX, "a transfer for each slot");
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
           p->single_lens <= 1 && p->largest_size < PICTURE_SIZES && p->mode >> 4 <= p->largest_size &&
           picture_mode_valid((uint8_t)p->mode) && camera_mode_fits(p->slot_octets, (uint8_t)p->mode) &&
           p->battery_limit_mv <= UINT16_MAX && p->battery_capacity_mj >= 1 &&
           p->power_idle_mw <= CAMERA_POWER_MAX_MW && p->power_imaging_mw <= CAMERA_POWER_MAX_MW && apids_valid(p) &&
           p->delivery <= CAMERA_FILES && (p->delivery == CAMERA_PARTS || files_parameters_valid(p));
}

/// Mode, exposure and period as the parameters have them.
static void set_defaults(camera_unit_t *self) {
    camera_settings_t *settings = &self->settings;
    settings->period_ms = self->parameters.period_ms;
    settings->largest_size = (uint8_t)self->parameters.largest_size;
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

/* ---- reports -------------------------------------------------------------------------------- */

void camera_report(camera_unit_t *self, uint64_t time_ns, uint32_t kind, uint32_t code, uint32_t about,
                   uint32_t detail) {
    if (self->reports_waiting == CAMERA_REPORTS_MAX) {
        camera_count_up(&self->count.reports_lost, 1);
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

void camera_report_picture(camera_unit_t *self, camera_event_t event, frame_handle_t handle) {
    const camera_picture_t *picture = &self->picture[frame_slot_of(handle)];
    camera_report(self, self->now_ns, CAMERA_EVENT, event, picture->lens, picture->number);
}

void camera_settle(camera_unit_t *self, const file_outcome_t *outcome) {
    if (outcome->fate == FILE_GOES_ON) {
        return;
    }
    const frame_handle_t handle = self->frames.slot[outcome->transfer].generation << 8 | outcome->transfer;
    if (outcome->fate == FILE_DELIVERED) {
        camera_count_up(&self->count.sent, 1);
    } else if (outcome->condition != FILE_CHECKSUM_FAILURE) {
        camera_count_up(&self->count.undelivered, 1);
        camera_report_picture(self, CAMERA_PICTURE_UNDELIVERED, handle);
    } else if (outcome->fate == FILE_REFUSED) { // changed after it was sent, and what was sent again is that
        self->frames.count.damaged++;
        camera_report_picture(self, CAMERA_PICTURE_DAMAGED, handle);
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

static void count_energy(camera_unit_t *self, uint64_t until_ns) {
    if (until_ns > self->energy_ns) {
        const uint64_t ticks = (until_ns - self->energy_ns) >> ENERGY_TICK_BITS;
        self->energy_used += ticks * camera_unit_power_mw(self);
        self->energy_ns += ticks << ENERGY_TICK_BITS;
    }
}

static uint32_t lenses_of(const camera_unit_t *self) {
    return self->parameters.single_lens ? 1 : CAMERA_LENSES;
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

void camera_advance(camera_unit_t *self, uint64_t now_ns) {
    if (now_ns > self->now_ns) {
        self->now_ns = now_ns;
    }
    if (self->state == CAMERA_BOOTING && self->now_ns >= self->boot_end_ns) {
        count_energy(self, self->boot_end_ns);
        self->state = CAMERA_ON;
        self->health_due_ns = self->boot_end_ns;
        camera_report(self, self->boot_end_ns, CAMERA_EVENT, CAMERA_BOOTED, 0, self->restarts);
    }
    count_energy(self, self->now_ns);
    if (self->state == CAMERA_ON && self->now_ns >= self->health_due_ns) {
        self->health_wanted = 1;
        self->health_due_ns =
            next_beat(self->health_due_ns, self->parameters.health_ms * (uint32_t)NS_PER_MS, self->now_ns + 1);
    }
    if (self->parameters.delivery == CAMERA_PARTS) {
        return;
    }
    file_reception_poll(&self->uplink, self->now_ns);
    file_outcome_t outcome;
    do {
        file_delivery_poll(&self->files, self->now_ns, &outcome);
        camera_settle(self, &outcome);
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
    camera_count_up(&self->count.reports_lost, self->reports_waiting);
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
    for (uint32_t i = 0; i < lenses_of(self); i++) {
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
    camera_advance(self, now_ns);
    if (self->state != CAMERA_ASLEEP) {
        return;
    }
    self->energy_ns = self->now_ns;
    begin_boot(self);
    self->first_beat_ns = self->now_ns + (uint64_t)self->parameters.first_frame_ms * NS_PER_MS;
    start_beats(self, self->first_beat_ns);
}

void camera_unit_restart(camera_unit_t *self, uint64_t now_ns) {
    camera_advance(self, now_ns);
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
    camera_advance(self, now_ns);
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
    camera_advance(self, now_ns);
    if (self->state != CAMERA_ON) {
        return 0;
    }
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        capture_exposure_t exposure;
        const capture_action_t action = capture_poll(&self->lens[i], &self->frames, self->now_ns, &exposure);
        if (exposure.failed != 0) {
            camera_report_picture(self, CAMERA_EXPOSURE_ANSWERLESS, exposure.failed);
        }
        if (exposure.dropped != 0) {
            camera_report_picture(self, CAMERA_PICTURE_DROPPED, exposure.dropped);
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
    // Without files these are never.
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
    camera_advance(self, now_ns);
    const frame_result_t result = frame_buffer_commit(&self->frames, memory, handle, length);
    if (result == FRAME_OK) {
        exposed(self, handle);
    }
    return result;
}

frame_result_t camera_unit_store(camera_unit_t *self, uint8_t *memory, uint64_t now_ns, frame_handle_t handle,
                                 const uint8_t *octets, uint32_t length) {
    camera_advance(self, now_ns);
    const frame_result_t result = frame_buffer_store(&self->frames, memory, handle, octets, length);
    if (result == FRAME_OK) {
        exposed(self, handle);
    }
    return result;
}

frame_result_t camera_unit_fail(camera_unit_t *self, uint64_t now_ns, frame_handle_t handle) {
    camera_advance(self, now_ns);
    const frame_result_t result = frame_buffer_fail(&self->frames, handle);
    if (result == FRAME_OK) {
        for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
            (void)capture_failed(&self->lens[i], handle);
        }
        camera_report_picture(self, CAMERA_EXPOSURE_FAILED, handle);
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
        if (self->imaging && i < lenses_of(self)) {
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
    camera_count_up(refusal == 0 ? &self->count.accepted : &self->count.refused, 1);
    camera_report(self, self->now_ns, refusal == 0 ? CAMERA_ACCEPTED : CAMERA_REFUSED, refusal, function, request);
}

/// A data unit of a file of ours or of one to us; CAMERA_DISCARDS if it was sound.
static camera_discard_t receive_unit(camera_unit_t *self, const uint8_t *octets, size_t length) {
    file_unit_t what = FILE_UNIT_LENGTH;
    if ((octets[0] & FILE_UNIT_TOWARD_SENDER) != 0) {
        file_outcome_t outcome;
        what = file_delivery_receive(&self->files, self->now_ns, octets, length, &outcome);
        camera_settle(self, &outcome);
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
    camera_advance(self, now_ns);
    camera_discard_t why = why_discarded(self, octets, length);
    const bool unit = why == CAMERA_DISCARDS && holds_unit(self, octets);
    if (unit) {
        why = receive_unit(self, octets + SPACE_PACKET_HEADER_OCTETS, length - SPACE_PACKET_HEADER_OCTETS);
    }
    if (why != CAMERA_DISCARDS) {
        camera_count_up(&self->count.discarded[why], 1);
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
