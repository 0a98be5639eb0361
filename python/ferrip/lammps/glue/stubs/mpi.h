/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Types of MPI with the sizes of MPICH's ABI, as far as headers of LAMMPS name them. No function of MPI is called. */
#ifndef FERRIP_MPI_STUB_H
#define FERRIP_MPI_STUB_H

typedef int MPI_Comm;
typedef int MPI_Datatype;
typedef int MPI_Group;
typedef int MPI_Info;
typedef int MPI_Op;
typedef int MPI_Request;
typedef long MPI_Aint;
typedef long long MPI_Offset;
typedef struct MPI_Status {
  int count_lo, count_hi_and_cancelled, MPI_SOURCE, MPI_TAG, MPI_ERROR;
} MPI_Status;

#endif
