/// camera_unit_internal.h - what the files of the camera's firmware share: camera_unit.c (time, power, exposures,
/// telecommands) and camera_link.c (what goes to the link). Of no use to others.

#pragma once

#include "flight/camera_unit.h"

static inline void camera_count_up(uint32_t *counter, uint64_t more) {
    *counter = more > UINT32_MAX - *counter ? UINT32_MAX : *counter + (uint32_t)more;
}

/// Everything that happens by time alone, up to now_ns. Every entry point begins here.
void camera_advance(camera_unit_t *self, uint64_t now_ns);

/// Queues a report; counts it as lost if the queue is full.
void camera_report(camera_unit_t *self, uint64_t time_ns, uint32_t kind, uint32_t code, uint32_t about,
                   uint32_t detail);

/// An event about the picture under a handle.
void camera_report_picture(camera_unit_t *self, camera_event_t event, frame_handle_t handle);

/// A picture's file has ended, if it has: its slot is free.
void camera_settle(camera_unit_t *self, const file_outcome_t *outcome);
